"""Logs: one JSON object a line, one id for a start and the processes that it starts."""

import io
import json
import os
import subprocess
from pathlib import Path

import pytest
import structlog

from spark_apps.lake.logs import CORRELATION, chatter_to, configure
from spark_apps.settings import load


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(CORRELATION, "")
    monkeypatch.delenv(CORRELATION)


def test_lines_are_json_and_keep_their_diacritics() -> None:
    stream = io.StringIO()
    configure(load(), stream)
    structlog.get_logger("test").info("began", place="Tây Hồ")
    line = json.loads(stream.getvalue())
    assert (line["event"], line["level"], line["place"]) == ("began", "info", "Tây Hồ")
    assert "Tây Hồ" in stream.getvalue()


def test_each_start_has_an_id_and_hands_it_on(capsys: pytest.CaptureFixture[str]) -> None:
    configure(load())
    handed = os.environ.pop(CORRELATION)
    structlog.get_logger("test").info("first")
    configure(load())
    structlog.get_logger("test").info("second")
    ids = [json.loads(line)["correlation_id"] for line in capsys.readouterr().err.splitlines()]
    assert ids[0] == handed
    assert ids[0] != ids[1]


def test_a_process_that_was_handed_an_id_keeps_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(CORRELATION, "from the parent")
    configure(load())
    structlog.get_logger("test").info("child")
    assert json.loads(capsys.readouterr().err)["correlation_id"] == "from the parent"


def test_chatter_of_a_process_and_of_those_that_it_starts_goes_to_the_log(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with (tmp_path / "run.log").open("w") as log:
        with chatter_to(log):
            subprocess.run(["/bin/sh", "-c", "echo of a worker >&2"], check=True)
        os.write(2, b"of the end\n")
    assert (tmp_path / "run.log").read_text() == "of a worker\n"
    assert capfd.readouterr().err == "of the end\n"
