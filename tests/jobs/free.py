"""What every job must hold, as functions that name what breaks it: for all jobs, and for bad ones that are planted."""

import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from itertools import zip_longest
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from spark_apps.lake.folds import OPENING
from spark_apps.lake.job import Job, Slice, batch
from spark_apps.lake.location import location
from spark_apps.lake.reading import latest
from spark_apps.lake.run import run
from spark_apps.lake.tables import arrow_schema
from spark_apps.rules.calendar import sessions
from spark_apps.settings import Settings
from spark_apps.tables import set_aside_tables
from spark_apps.tables.model import RUN_ID, WARNINGS, Column, Table
from spark_apps.tables.sources import ALL_DAYS, UNDATED, comes_from_files
from tests.conftest import settings_in
from tests.lakes import content_hash

SESSIONS = tuple(sessions(date(2026, 11, 18), date(2026, 11, 20)))
Shape = list[tuple[str, str]]


@dataclass(frozen=True)
class Lakes:
    """Hold one whole lake, a copy with its rows shuffled, and a copy to make again in chunks."""

    whole: Settings
    shuffled: Settings
    chunked: Settings


def lakes_in(folder: Path) -> Lakes:
    """Name three lakes in a folder, with nothing in them yet."""
    return Lakes(*(settings_in(folder / name) for name in ("whole", "shuffled", "chunked")))


def fill(lakes: Lakes, jobs: Iterable[Job], spark: SparkSession) -> None:
    """Run jobs over the whole lake, then copy it and shuffle the inputs of one copy."""
    jobs = tuple(jobs)
    for job in jobs:
        run(job, whole_range(job), spark, lakes.whole)
    for copy in (lakes.shuffled, lakes.chunked):
        shutil.copytree(lakes.whole.lake_root.parent, copy.lake_root.parent)
    for table in {source for job in jobs for source in job.writes.made_from if source.upkeep != "external"}:
        shuffle(table, spark, lakes)


def shuffle(table: Table, spark: SparkSession, lakes: Lakes) -> None:
    """Lay out a table's rows anew, in random order over three files a partition."""
    rows = latest(spark, table, lakes.whole).orderBy(F.rand(1)).repartition(3)
    path = location(table, lakes.shuffled)
    shutil.rmtree(path)
    rows.write.format("delta").partitionBy(*table.partition_by).save(str(path))


def whole_range(job: Job) -> Slice:
    """Give all that a job can make: every day of its files, or the sessions."""
    return batch(*ALL_DAYS) if comes_from_files(job.writes) else batch(SESSIONS[0], SESSIONS[-1])


def chunks(job: Job) -> list[Slice]:
    """Cut the range: ticks session by session with the middle one last, daily history in three uneven parts."""
    if not comes_from_files(job.writes):
        return [batch(day, day) for day in (SESSIONS[0], SESSIONS[2], SESSIONS[1])]
    return [
        batch(date(2026, 6, 2), SESSIONS[-2]),
        batch(SESSIONS[-1], SESSIONS[-1]),
        batch(UNDATED, date(2026, 6, 1)),
    ]


def outputs(job: Job) -> tuple[Table, ...]:
    """Give all that a job writes: its table, the states that it carries, and what it sets aside."""
    return (job.writes, *job.writes.carries, *set_aside_tables(job.writes))


def differing(job: Job, left: Settings, right: Settings) -> list[str]:
    """Name what a job wrote otherwise into one lake than into another."""
    return [one.full_name for one in outputs(job) if content_hash(one, left) != content_hash(one, right)]


def differing_shapes(job: Job, spark: SparkSession, settings: Settings) -> list[tuple[Any, Any]]:
    """Pair each column that the transform itself gives with the declared one in its place, where they differ."""
    return [pair for pair in zip_longest(given_shape(job, spark, settings), declared_shape(job)) if pair[0] != pair[1]]


def given_shape(job: Job, spark: SparkSession, settings: Settings) -> Shape:
    """Give the columns that a transform makes of no rows at all, before any driver picks among them."""
    sources = job.writes.made_from
    if job.by != "frames":
        given = [arrow_schema(sources[0].columns).empty_table(), *(OPENING.empty_table() for _ in job.writes.carries)]
        made: pa.Table = job.transform(*given, **job.arguments(settings))
        return [(field.name, str(field.type)) for field in made.schema]
    schemas = ["path STRING" if source.upkeep == "external" else source.schema for source in sources]
    frame: DataFrame = job.transform(
        *(spark.createDataFrame([], schema) for schema in schemas), **job.arguments(settings)
    )
    return [(field.name, field.dataType.simpleString()) for field in frame.schema]


def declared_shape(job: Job) -> Shape:
    """Give what a transform has to make: the table's columns, those of its states alone, then its evidence.

    `run` adds run_id and warnings; of a file job, it adds the partition too.
    """
    table, columns = job.writes, list(job.writes.columns)
    columns += [one for states in table.carries for one in states.columns if one.name not in table.column_names]
    columns += table.evidence
    added = {RUN_ID.name, WARNINGS.name, *(table.partition_by if job.by == "files" else ())}
    return [(one.name, _type(one, job)) for one in columns if one.name not in added]


def _type(column: Column, job: Job) -> str:
    """Name a declared type as Arrow does, or as Spark does."""
    return str(arrow_schema((column,)).field(0).type) if job.by != "frames" else column.type.lower()


def differing_when_run_again(job: Job, lakes: Lakes, spark: SparkSession) -> list[str]:
    """Run a job again over the whole lake, and name what is not as it was."""
    before = {table: content_hash(table, lakes.whole) for table in outputs(job)}
    # Another fingerprint makes another run key: without it the second run would be a no-op.
    assert run(job, whole_range(job), spark, lakes.whole.with_values(seed=8)).status == "done"
    return [table.full_name for table in outputs(job) if content_hash(table, lakes.whole) != before[table]]


def differing_when_shuffled(job: Job, lakes: Lakes, spark: SparkSession) -> list[str]:
    """Make a job's tables anew from shuffled rows, and name what is not as in the whole lake."""
    for table in outputs(job):
        shutil.rmtree(location(table, lakes.shuffled))
    run(job, whole_range(job), spark, lakes.shuffled)
    return differing(job, lakes.shuffled, lakes.whole)


def differing_by_chunks(job: Job, lakes: Lakes, spark: SparkSession) -> list[str]:
    """Make a job's tables anew chunk by chunk, and name what is not as in the whole lake."""
    for table in outputs(job):
        shutil.rmtree(location(table, lakes.chunked))
    for days in chunks(job):
        run(job, days, spark, lakes.chunked)
    return differing(job, lakes.chunked, lakes.whole)
