"""Leases: who comes second waits as long as it was told, then names the first."""

import os
import threading
import time
from pathlib import Path

import pytest

from spark_apps.errors import ServiceFailed
from spark_apps.lake.lease import hold


def test_a_lease_that_becomes_free_in_time_is_taken(tmp_path: Path) -> None:
    held, free = threading.Event(), threading.Event()

    def first() -> None:
        with hold(tmp_path / "lease", "the table"):
            held.set()
            free.wait(30)

    thread = threading.Thread(target=first)
    thread.start()
    held.wait(30)
    threading.Timer(0.5, free.set).start()
    began = time.monotonic()
    with hold(tmp_path / "lease", "the table", wait_seconds=30):
        assert 0.3 < time.monotonic() - began < 20
    thread.join()


@pytest.mark.parametrize("seconds", [0, 0.3])
def test_a_lease_that_stays_held_names_its_holder_when_the_time_is_over(tmp_path: Path, seconds: float) -> None:
    began = time.monotonic()
    with (
        hold(tmp_path / "lease", "the table"),
        pytest.raises(ServiceFailed, match=rf"the table is being written by process {os.getpid()}: wait, or stop it"),
        hold(tmp_path / "lease", "the table", wait_seconds=seconds),
    ):
        pass
    assert time.monotonic() - began >= seconds
