"""Reading: one version of each input, pinned once, and only the days that a slice needs."""

import hashlib
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pyarrow.fs as pafs
from deltalake import DeltaTable
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from spark_apps.errors import EmptyInput
from spark_apps.lake.location import location
from spark_apps.lake.tables import arrow_schema, ensure, opened
from spark_apps.settings import Settings
from spark_apps.tables.model import Table
from spark_apps.tables.sources import FOLDERS


def version(table: Table, settings: Settings) -> int | str:
    """Give the version to read: a Delta version, or for landing files a hash of names, sizes and times."""
    if table.upkeep != "external":
        return opened(table, settings).version()
    stats = [(path, Path(path).stat()) for path in landing_files(table, settings)]
    seen = [(path, stat.st_size, stat.st_mtime_ns) for path, stat in stats]
    return hashlib.sha256(repr(seen).encode()).hexdigest()[:16]


def identity(table: Table, settings: Settings) -> tuple[str, int] | None:
    """Give the id and the version of a table that a job made, None where it has not been made; make nothing."""
    path = str(location(table, settings))
    if not DeltaTable.is_deltatable(path):
        return None
    found = DeltaTable(path)
    return str(found.metadata().id), found.version()


def landing_files(table: Table, settings: Settings) -> list[str]:
    """List a table's files under the landing folder; raise EmptyInput when there is none of any vendor."""
    root = location(table, settings)
    if not any(root.rglob("*.csv*")):
        raise EmptyInput(f"{root}: no .csv or .csv.gz file for {table.full_name}; put the vendor's files there")
    return sorted(str(path) for path in (root / FOLDERS[table.name]).glob("*.csv*"))


def read(
    spark: SparkSession, table: Table, at: int | str, settings: Settings, start: date | None, end: date | None
) -> DataFrame:
    """Read one pinned version, days from start to end inclusive (None leaves that side open).

    A landing table gives a frame with one column, `path`: its loader opens the files in the workers.
    """
    if table.upkeep == "external":
        files = landing_files(table, settings)
        slices = max(1, min(len(files), 4 * spark.sparkContext.defaultParallelism))
        return spark.createDataFrame([(path,) for path in files], "path STRING").repartition(slices)
    frame = spark.read.format("delta").option("versionAsOf", at).load(str(location(table, settings)))
    if start is not None:
        frame = frame.where(F.col(table.time) >= F.lit(start))
    return frame if end is None else frame.where(F.col(table.time) <= F.lit(end))


def latest(spark: SparkSession, table: Table, settings: Settings) -> DataFrame:
    """Read a table as it is now, for people and reports."""
    return read(spark, table, version(table, settings), settings, None, None)


def row_count(table: Table, settings: Settings) -> int:
    """Count a table's rows from its log alone, made or not."""
    actions = pa.table(ensure(table, settings).get_add_actions(flatten=True))
    return pc.sum(actions["num_records"]).as_py() or 0


def scanned(table: Table, settings: Settings) -> ds.Dataset:
    """Open a table beside Spark, made or not, to be filtered: of a file's log only days are believed.

    The dataset of delta-rs takes a column of which the log tells no least and greatest for one without values, and
    filters on it lose rows (delta-rs issue 3201).
    """
    files = pa.table(ensure(table, settings).get_add_actions(flatten=True)).to_pylist()
    return ds.FileSystemDataset.from_paths(
        [file["path"] for file in files],
        schema=arrow_schema(table.columns),
        format=ds.ParquetFileFormat(),
        filesystem=pafs.SubTreeFileSystem(str(location(table, settings)), pafs.LocalFileSystem()),
        partitions=[_days_held(file, table.time) for file in files],
    )


def _days_held(file: dict[str, Any], time: str) -> ds.Expression:
    """Say what the log tells of the days in a file, whose partition it is or not."""
    day, first, last = (file.get(f"{name}.{time}") for name in ("partition", "min", "max"))
    if day is not None:
        return ds.field(time) == day
    return ds.scalar(True) if first is None or last is None else (ds.field(time) >= first) & (ds.field(time) <= last)
