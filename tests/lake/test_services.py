"""Services: a broker that starts, answers and ends, and errors that name the thing and the next step."""

import fcntl
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from confluent_kafka.admin import AdminClient

from spark_apps.errors import MissingTool, ServiceFailed
from spark_apps.lake.services import Service, broker, start_broker
from tests.drills.application import ROOT

# A run that starts a broker, says where it is, and waits.
RUN = """
import sys, time
from pathlib import Path
from spark_apps.lake.services import broker
with broker(Path(sys.argv[1])) as address:
    print(address, flush=True)
    time.sleep(600)
"""


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
        with pytest.raises(MissingTool, match=rf"port {port} of 127.0.0.1: not free.*name a broker"):
            start_broker(tmp_path, port)


def test_a_machine_without_a_free_port_is_told_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def bind(_: socket.socket, __: object) -> None:
        raise OSError(98, "Address already in use")

    monkeypatch.setattr(socket.socket, "bind", bind)
    with pytest.raises(MissingTool, match=r"port \(any\) of 127.0.0.1: not free.*name a broker"):
        start_broker(tmp_path)


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


def test_a_data_folder_that_another_broker_holds_is_left_to_it(tmp_path: Path) -> None:
    first = start_broker(tmp_path)
    try:
        with pytest.raises(ServiceFailed, match=r"another run's broker holds it. Wait until it ends"):
            start_broker(tmp_path)
        assert AdminClient({"bootstrap.servers": first.address}).list_topics(timeout=10).brokers
    finally:
        first.stop()


def is_held(path: Path) -> bool:
    with path.open("r+b") as file:
        try:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return True
    return False


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_a_broker_does_not_outlive_the_run_that_started_it(tmp_path: Path, how: signal.Signals) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", RUN, str(tmp_path)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as run:
        assert run.stdout is not None
        address = next(line for line in run.stdout if line.startswith("127.0.0.1:")).strip()
        assert AdminClient({"bootstrap.servers": address}).list_topics(timeout=10).brokers
        run.send_signal(how)
    deadline = time.monotonic() + 20
    while (held := is_held(tmp_path / "data" / ".lock")) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not held
