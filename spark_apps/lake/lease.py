"""One writer per table: a lock that the kernel drops when its holder dies, so no lease outlives a kill."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TextIO

from spark_apps.errors import ServiceFailed
from spark_apps.lake.location import checkpoint, lease_file
from spark_apps.settings import Settings
from spark_apps.tables.model import Table

POLL_SECONDS = 0.05


def lease(table: Table, settings: Settings, wait_seconds: float = 0) -> AbstractContextManager[None]:
    """Hold the right to write a table; raise ServiceFailed naming the process that holds it."""
    return hold(lease_file(table, settings), table.full_name, wait_seconds)


def alone(name: str, settings: Settings, what: str) -> AbstractContextManager[None]:
    """Hold the right to be the one application of a name on a lake, in whatever generation.

    The lock lies beside the folder that holds the checkpoints of all its generations.
    """
    folder = checkpoint(name, settings).parent  # a name has a dot, as in silver.ticks: no suffix to be replaced
    return hold(folder.with_name(f"{folder.name}.lease"), what)


@contextmanager
def hold(path: Path, what: str, wait_seconds: float = 0) -> Iterator[None]:
    """Hold a lock file, asked for until `wait_seconds` are over; raise ServiceFailed naming the process that has it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    deadline = time.monotonic() + wait_seconds
    with path.open("a+") as file:
        while not _is_locked(file):
            if time.monotonic() >= deadline:
                file.seek(0)
                holder = file.read().strip() or "unknown"
                raise ServiceFailed(f"{what} is being written by process {holder}: wait, or stop it")
            time.sleep(POLL_SECONDS)
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield


def _is_locked(file: TextIO) -> bool:
    """Take the lock, and say whether it is ours."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
