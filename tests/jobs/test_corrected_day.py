"""A day of a fold that is corrected and made again: its state changes, and the later days that carry it follow."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from pyspark.sql import SparkSession

from spark_apps.jobs.indicators_1d import job as indicators_1d
from spark_apps.jobs.indicators_1m import job as indicators_1m
from spark_apps.lake.job import Job, batch
from spark_apps.lake.location import location
from spark_apps.lake.reading import latest
from spark_apps.lake.run import run
from spark_apps.lake.tables import ensure
from spark_apps.settings import Settings
from tests.frames import DAY
from tests.frames import rows as frame_of
from tests.lakes import content_hash

DAYS = tuple(DAY - timedelta(back) for back in (2, 1, 0))
CORRECTED = DAYS[1]


def bars(day: date, close: int) -> list[dict[str, Any]]:
    """Give two bars of one instrument on a day, fit for days and for minutes alike."""
    start = (day - date(1970, 1, 1)).days * 86_400_000_000_000
    prices = {
        "open": close,
        "high": close + 2,
        "low": close - 1,
        "close": close,
        "adjusted_close": close,
        "value": close,
    }
    bar = {name: Decimal(price) for name, price in prices.items()} | {"session_date": day, "warnings": []}
    return [bar | {"instrument_id": one, "bar_start": start, "volume": 100 * one} for one in (1, 2)]


def put(job: Job, spark: SparkSession, settings: Settings, closes: dict[date, int]) -> None:
    """Store the bars of some days as the input of a job, in place of those that these days had."""
    (source,) = job.writes.made_from
    kept = [
        {name: value for name, value in bar.items() if name in source.column_names}
        for day, close in closes.items()
        for bar in bars(day, close)
    ]
    stored = ensure(source, settings)
    for day in closes:
        stored.delete(f"session_date = '{day}'")
    frame_of(spark, source, *kept).write.format("delta").mode("append").save(str(location(source, settings)))


@pytest.mark.parametrize("job", [indicators_1d, indicators_1m], ids=lambda job: str(job.writes.full_name))
def test_later_days_follow_a_corrected_one(job: Job, spark: SparkSession, settings: Settings) -> None:
    (states,) = job.writes.carries
    closes = dict(zip(DAYS, (10, 12, 11), strict=True))
    put(job, spark, settings, closes)
    run(job, batch(DAYS[0], DAYS[2]), spark, settings)
    before = {row.session_date: row for row in latest(spark, states, settings).where("instrument_id = 1").collect()}

    put(job, spark, settings, {CORRECTED: 20})
    run(job, batch(CORRECTED, CORRECTED), spark, settings)
    after = {row.session_date: row for row in latest(spark, states, settings).where("instrument_id = 1").collect()}
    assert after[DAYS[0]] == before[DAYS[0]]
    assert after[CORRECTED].closing_hash != before[CORRECTED].closing_hash
    assert after[DAYS[2]].opening_hash == after[CORRECTED].closing_hash

    at_once = settings.with_values(lake_root=settings.lake_root.with_name("at_once"))
    put(job, spark, at_once, closes | {CORRECTED: 20})
    run(job, batch(DAYS[0], DAYS[2]), spark, at_once)
    for table in (job.writes, states):
        assert content_hash(table, settings) == content_hash(table, at_once)
