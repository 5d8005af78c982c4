"""What every job must hold, found by themselves: schema, idempotent, order-blind, chunk-invariant to the bit."""

import shutil
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest
from deltalake import DeltaTable
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from spark_apps.jobs import all_jobs
from spark_apps.lake.job import Job, Slice, batch
from spark_apps.lake.location import location
from spark_apps.lake.reading import latest, row_count
from spark_apps.lake.run import run
from spark_apps.rules.calendar import sessions
from spark_apps.settings import Settings
from spark_apps.sources.cafef.simulate import write_daily_files
from spark_apps.sources.sim.feed import envelopes
from spark_apps.tables import set_aside_tables
from spark_apps.tables.model import Table
from spark_apps.tables.sources import ALL_DAYS, UNDATED, comes_from_files
from tests.conftest import settings_in
from tests.lakes import content_hash, put_messages

# The fixture alone runs every job once.
pytestmark = pytest.mark.timeout(1_800)
SESSIONS = tuple(sessions(date(2026, 11, 18), date(2026, 11, 20)))
JOBS = all_jobs()
# Downstream first: a job finds its inputs as they were laid out, not as an earlier test wrote them again.
UPSTREAM_LAST = tuple(reversed(JOBS))


@dataclass(frozen=True)
class Lakes:
    """Hold one whole lake, a copy with its rows shuffled, and a copy to make again in chunks."""

    whole: Settings
    shuffled: Settings
    chunked: Settings


@pytest.fixture(scope="module")
def lakes(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Lakes:
    """Run every job over three sessions and three hundred days of the simulated market."""
    made = Lakes(*(settings_in(tmp_path_factory.mktemp(name)) for name in ("whole", "shuffled", "chunked")))
    write_daily_files(made.whole.landing_root, 7, SESSIONS[-1], 320)
    for session_date in SESSIONS:
        put_messages(envelopes(session_date, 7, 1_500), made.whole)
    for job in JOBS:
        run(job, whole_range(job), spark, made.whole)
    for copy in (made.shuffled, made.chunked):
        shutil.copytree(made.whole.landing_root, copy.landing_root)
        shutil.copytree(made.whole.lake_root, copy.lake_root)
    for table in {source for job in JOBS for source in job.writes.made_from if source.upkeep != "external"}:
        shuffle(table, spark, made)
    return made


def whole_range(job: Job) -> Slice:
    return batch(*ALL_DAYS) if comes_from_files(job.writes) else batch(SESSIONS[0], SESSIONS[-1])


def shuffle(table: Table, spark: SparkSession, made: Lakes) -> None:
    """Lay out a table's rows anew, in random order over three files a partition."""
    rows = latest(spark, table, made.whole).orderBy(F.rand(1)).repartition(3)
    path = location(table, made.shuffled)
    shutil.rmtree(path)
    rows.write.format("delta").partitionBy(*table.partition_by).save(str(path))


def outputs(job: Job) -> tuple[Table, ...]:
    """Give all that a job writes: its table, the states that it carries, and what it sets aside."""
    return (job.writes, *job.writes.carries, *set_aside_tables(job.writes))


def hashes(job: Job, settings: Settings) -> dict[str, str]:
    return {table.full_name: content_hash(table, settings) for table in outputs(job)}


def named(job: Job) -> str:
    return job.writes.full_name


@pytest.mark.parametrize("job", JOBS, ids=named)
def test_the_table_is_what_its_declaration_says(job: Job, lakes: Lakes, spark: SparkSession) -> None:
    found = latest(spark, job.writes, lakes.whole)
    expected = spark.createDataFrame([], job.writes.schema).schema
    assert [(field.name, field.dataType) for field in found.schema] == [
        (field.name, field.dataType) for field in expected
    ]
    assert found.limit(1).count() == 1, "the simulated market gives this table no row: its tests would prove nothing"


@pytest.mark.parametrize("job", JOBS, ids=named)
def test_running_again_changes_nothing(job: Job, lakes: Lakes, spark: SparkSession) -> None:
    before = hashes(job, lakes.whole)
    # Another fingerprint makes another run key: without it the second run would be a no-op.
    again = run(job, whole_range(job), spark, lakes.whole.with_values(seed=8))
    assert again.status == "done"
    assert hashes(job, lakes.whole) == before


@pytest.mark.parametrize("job", UPSTREAM_LAST, ids=named)
def test_the_order_of_the_input_rows_does_not_matter(job: Job, lakes: Lakes, spark: SparkSession) -> None:
    for table in outputs(job):
        shutil.rmtree(location(table, lakes.shuffled))
    run(job, whole_range(job), spark, lakes.shuffled)
    assert hashes(job, lakes.shuffled) == hashes(job, lakes.whole)


@pytest.mark.parametrize("job", UPSTREAM_LAST, ids=named)
def test_chunk_by_chunk_gives_the_same_bits(job: Job, lakes: Lakes, spark: SparkSession) -> None:
    for table in outputs(job):
        shutil.rmtree(location(table, lakes.chunked))
    for days in chunks(job):
        run(job, days, spark, lakes.chunked)
    assert hashes(job, lakes.chunked) == hashes(job, lakes.whole)


def chunks(job: Job) -> list[Slice]:
    """Cut the range: ticks session by session with the middle one last, daily history in three uneven parts."""
    if not comes_from_files(job.writes):
        return [batch(day, day) for day in (SESSIONS[0], SESSIONS[2], SESSIONS[1])]
    return [
        batch(date(2026, 6, 2), SESSIONS[-2]),
        batch(SESSIONS[-1], SESSIONS[-1]),
        batch(UNDATED, date(2026, 6, 1)),
    ]


def test_every_lake_table_on_disk_is_readable_without_spark(lakes: Lakes) -> None:
    paths = [Path(location(table, lakes.whole)) for job in JOBS for table in (job.writes, *job.writes.carries)]
    assert all(DeltaTable(str(path)).version() >= 1 for path in paths)


def test_each_kind_of_set_aside_row_is_among_what_is_compared(lakes: Lakes, spark: SparkSession) -> None:
    held = {table.layer: 0 for job in JOBS for table in set_aside_tables(job.writes)}
    for job in JOBS:
        for table in set_aside_tables(job.writes):
            held[table.layer] += row_count(table, lakes.whole)
    assert {layer for layer, rows in held.items() if rows} >= {"quarantine", "duplicate"}
