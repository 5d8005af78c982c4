"""Days without a row: a job makes them as any others, says so, and leaves the days around them alone."""

from datetime import timedelta

import pytest
from pyspark.sql import SparkSession

from spark_apps.jobs.bars_1m import job as bars_1m
from spark_apps.jobs.indicators_1d import job as indicators_1d
from spark_apps.jobs.quotes import job as quotes
from spark_apps.jobs.quotes_1m import job as quotes_1m
from spark_apps.lake.job import Job, batch
from spark_apps.lake.run import run
from spark_apps.lake.tables import ensure
from spark_apps.settings import Settings
from spark_apps.tables.daily import DAILY_PRICES
from tests.frames import DAY
from tests.lake.test_run import PRICE, put


def test_a_fold_over_no_rows_at_all_makes_none(spark: SparkSession, settings: Settings) -> None:
    ensure(DAILY_PRICES, settings)
    report = run(indicators_1d, batch(DAY, DAY), spark, settings)
    assert (report.status, report.rows_in, report.rows_out) == ("done", 0, 0)


@pytest.mark.parametrize("job", [quotes, quotes_1m, indicators_1d, bars_1m], ids=lambda job: job.writes.name)
def test_days_without_a_row_are_made_once(job: Job, spark: SparkSession, settings: Settings) -> None:
    """Futures come without quotes: the next night, and the page of the session, have nothing to make anew."""
    for source in job.writes.made_from:
        ensure(source, settings)
    assert [run(job, batch(DAY, DAY), spark, settings).status for _ in range(2)] == ["done", "unchanged"]


def test_days_without_a_row_are_not_counted_as_the_run_before(spark: SparkSession, settings: Settings) -> None:
    put(DAILY_PRICES, settings, PRICE | {"session_date": DAY})
    assert run(indicators_1d, batch(DAY, DAY), spark, settings).rows_out == 1
    empty = DAY - timedelta(7)
    report = run(indicators_1d, batch(empty, empty), spark, settings)
    assert (report.status, report.rows_in, report.rows_out) == ("done", 0, 0)
