"""What a peer is handed: a slice of a lake folder of its own, whose input is linked; and the product's way with it."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from importlib import import_module
from pathlib import Path

from bench.figures import BENCH
from spark_apps.lake.location import location
from spark_apps.settings import Settings, load
from spark_apps.tables.model import Table


@dataclass(frozen=True)
class Work:
    """Name what one round makes: a slice of a lake folder that holds `source` and nothing else."""

    first: date
    last: date
    lake: Path
    source: Table
    target: Table

    @property
    def settings(self) -> Settings:
        """Give settings whose tables lie in the folder."""
        return load().with_values(lake_root=self.lake)

    @property
    def place(self) -> str:
        """Give the folder of the table that is made."""
        return str(location(self.target, self.settings))


@contextmanager
def fresh(held: Path, days: list[date], source: Table, target: Table) -> Iterator[Work]:
    """Make a lake folder that holds the source by a link; it goes with the block."""
    with tempfile.TemporaryDirectory(dir=BENCH, prefix="lake_") as folder:
        work = Work(days[0], days[-1], Path(folder), source, target)
        link = Path(location(source, work.settings))
        link.parent.mkdir(parents=True)
        link.symlink_to(held)
        yield work


def by_run(name: str) -> Callable[[Work], object]:
    """Start the session; give the product path of a job."""
    from spark_apps.lake.job import batch
    from spark_apps.lake.run import run
    from spark_apps.lake.session import session

    job, spark = import_module(f"spark_apps.jobs.{name}").job, session(load(), "bench")
    return lambda work: run(job, batch(work.first, work.last), spark, work.settings)
