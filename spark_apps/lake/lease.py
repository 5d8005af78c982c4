"""One writer per table: a lock that the kernel drops when its holder dies, so no lease outlives a kill."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from spark_apps.errors import ServiceFailed
from spark_apps.lake.location import lease_file
from spark_apps.settings import Settings
from spark_apps.tables.model import Table


def lease(table: Table, settings: Settings) -> AbstractContextManager[None]:
    """Hold the right to write a table; raise ServiceFailed naming the process that holds it."""
    return hold(lease_file(table, settings), table.full_name)


@contextmanager
def hold(path: Path, what: str) -> Iterator[None]:
    """Hold a lock file; raise ServiceFailed naming the process that holds it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            file.seek(0)
            holder = file.read().strip() or "unknown"
            raise ServiceFailed(f"{what} is being written by process {holder}: wait, or stop it") from error
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield
