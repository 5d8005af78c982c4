"""Services: a broker that starts, answers and ends, and errors that name the thing and the next step."""

import socket
from pathlib import Path

import pytest
from confluent_kafka.admin import AdminClient

from spark_apps.errors import MissingTool, ServiceFailed
from spark_apps.lake.services import Service, broker, start_broker


def test_a_broker_answers_on_the_loopback_address_only(broker: Service) -> None:
    assert broker.address.startswith("127.0.0.1:")
    assert AdminClient({"bootstrap.servers": broker.address}).list_topics(timeout=10).brokers


def test_a_broker_ends_with_its_block_and_leaves_its_log(tmp_path: Path) -> None:
    with broker(tmp_path) as address:
        port = int(address.split(":")[1])
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0
    assert (tmp_path / "broker.log").stat().st_size > 0


def test_a_missing_java_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MissingTool, match=r"java: not on PATH.*Install"):
        start_broker(tmp_path)


def test_missing_jars_are_named(tmp_path: Path) -> None:
    with pytest.raises(MissingTool, match=r"no kafka_\*\.jar.*make run"):
        start_broker(tmp_path, jars=tmp_path)


def test_a_port_that_is_taken_is_named(tmp_path: Path) -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        with pytest.raises(MissingTool, match=rf"port {port} of 127.0.0.1: not free.*choose another"):
            start_broker(tmp_path, port)


def test_a_data_folder_that_cannot_be_formatted_is_named(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file where a folder should be")
    with pytest.raises(ServiceFailed, match=r"could not be formatted.*broker\.log"):
        start_broker(tmp_path)


def test_a_broker_that_dies_at_start_is_named(tmp_path: Path) -> None:
    start_broker(tmp_path).stop()
    for file in (tmp_path / "data" / "__cluster_metadata-0").glob("*.log"):
        file.unlink()
        file.mkdir()
    with pytest.raises(ServiceFailed, match=r"died with code \d+ at start.*broker\.log"):
        start_broker(tmp_path)
