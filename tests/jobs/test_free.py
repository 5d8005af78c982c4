"""What every job must hold, found by themselves: schema, idempotent, order-blind, chunk-invariant to the bit."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from deltalake import DeltaTable
from pyspark.sql import SparkSession

from spark_apps.jobs import all_jobs
from spark_apps.lake.job import Job
from spark_apps.lake.location import location
from spark_apps.lake.reading import row_count
from spark_apps.rules.calendar import at
from spark_apps.settings import Settings
from spark_apps.sources.cafef.simulate import write_daily_files
from spark_apps.sources.sim.feed import envelopes
from spark_apps.tables import set_aside_tables
from tests.jobs.free import (
    SESSIONS,
    Lakes,
    differing_by_chunks,
    differing_shapes,
    differing_when_run_again,
    differing_when_shuffled,
    fill,
    lakes_in,
)
from tests.lakes import put_messages

# The fixture alone runs every job once.
pytestmark = pytest.mark.timeout(1_800)
JOBS = all_jobs()
# Downstream first: a job finds its inputs as they were laid out, not as an earlier test wrote them again.
UPSTREAM_LAST = tuple(reversed(JOBS))
LONG_BEFORE = date(2026, 11, 13)


@pytest.fixture(scope="module")
def lakes(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Lakes:
    """Run every job over three sessions and three hundred days of the simulated market."""
    made = lakes_in(tmp_path_factory.mktemp("lakes"))
    write_daily_files(made.whole.landing_root, 7, SESSIONS[-1:], 320)
    for session_date in SESSIONS:
        put_messages(envelopes(session_date, 7, 1_500), made.whole)
    # A trade and a quote that come five days after their session: the simulated market knows none as late as that.
    for channel in ("trade", "quote"):
        late = next(one for one in envelopes(LONG_BEFORE, 7, 1_500) if one.channel == channel)
        put_messages([replace(late, received_at=at(SESSIONS[0], "10:00"))], made.whole)
    fill(made, JOBS, spark)
    return made


def named(job: Job) -> str:
    return job.writes.full_name


@pytest.mark.parametrize("job", JOBS, ids=named)
def test_the_transform_gives_what_its_table_declares(job: Job, settings: Settings, spark: SparkSession) -> None:
    assert differing_shapes(job, spark, settings) == []


@pytest.mark.parametrize("job", JOBS, ids=named)
def test_the_simulated_market_gives_every_table_a_row(job: Job, lakes: Lakes) -> None:
    assert row_count(job.writes, lakes.whole), "its other tests would prove nothing"


@pytest.mark.parametrize("job", JOBS, ids=named)
def test_running_again_changes_nothing(job: Job, lakes: Lakes, spark: SparkSession) -> None:
    assert differing_when_run_again(job, lakes, spark) == []


@pytest.mark.parametrize("job", UPSTREAM_LAST, ids=named)
def test_the_order_of_the_input_rows_does_not_matter(job: Job, lakes: Lakes, spark: SparkSession) -> None:
    assert differing_when_shuffled(job, lakes, spark) == []


@pytest.mark.parametrize("job", UPSTREAM_LAST, ids=named)
def test_chunk_by_chunk_gives_the_same_bits(job: Job, lakes: Lakes, spark: SparkSession) -> None:
    assert differing_by_chunks(job, lakes, spark) == []


def test_every_lake_table_on_disk_is_readable_without_spark(lakes: Lakes) -> None:
    paths = [Path(location(table, lakes.whole)) for job in JOBS for table in (job.writes, *job.writes.carries)]
    assert all(DeltaTable(str(path)).version() >= 1 for path in paths)


def test_each_kind_of_set_aside_row_is_among_what_is_compared(lakes: Lakes) -> None:
    aside = {table for job in JOBS for table in set_aside_tables(job.writes) if row_count(table, lakes.whole)}
    assert {table.layer for table in aside} == {"quarantine", "late", "duplicate"}
