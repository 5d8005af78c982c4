"""The free tests see the faults that they are there for: jobs with one of each, over a handful of prices."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from itertools import count
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from spark_apps.jobs.bars_1m import job as bars_1m
from spark_apps.jobs.indicators_1d import job as indicators_1d
from spark_apps.jobs.returns_1d import job as returns_1d
from spark_apps.lake.job import Job
from spark_apps.settings import Settings
from spark_apps.tables.daily import DAILY_PRICES
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
from tests.lake.test_run import PRICE, put

DIFFERING = {"again": differing_when_run_again, "order": differing_when_shuffled, "chunks": differing_by_chunks}
# From before the first cut of the chunks to behind the last.
DAYS = (date(2026, 6, 1), *(SESSIONS[0] - timedelta(back) for back in range(1, 15)), *SESSIONS)


def with_volume(volume: Callable[[DataFrame], Column]) -> Job:
    """Give the job of returns with another volume than that of its prices."""

    def transform(prices: DataFrame) -> DataFrame:
        made: DataFrame = returns_1d.transform(prices.withColumn("volume", volume(prices).cast("BIGINT")))
        return made

    return replace(returns_1d, transform=transform)


runs = count()
PLANTED = {
    "again": with_volume(lambda prices: F.lit(next(runs))),
    "order": with_volume(lambda prices: F.monotonically_increasing_id()),
    "chunks": with_volume(lambda prices: F.lit(prices.count())),
}


def lakes_of(job: Job, spark: SparkSession, folder: Path) -> Lakes:
    """Lay two instruments' prices into a lake, and run the job over it and its copies."""
    lakes = lakes_in(folder)
    prices = [PRICE | {"session_date": day, "instrument_id": one, "volume": 7} for day in DAYS for one in (1, 2)]
    put(DAILY_PRICES, lakes.whole, *prices)
    fill(lakes, [job], spark)
    return lakes


@pytest.mark.parametrize("fault", PLANTED)
def test_a_planted_fault_is_seen(fault: str, spark: SparkSession, tmp_path: Path) -> None:
    lakes = lakes_of(PLANTED[fault], spark, tmp_path)
    assert DIFFERING[fault](PLANTED[fault], lakes, spark) == ["gold.returns_1d"]


def test_a_job_without_a_fault_passes(spark: SparkSession, tmp_path: Path) -> None:
    lakes = lakes_of(returns_1d, spark, tmp_path)
    assert [differ(returns_1d, lakes, spark) for differ in DIFFERING.values()] == [[], [], []]


def changed(job: Job, change: Callable[[Any], Any]) -> Job:
    """Give a job whose transform's result is changed on its way out."""
    return replace(job, transform=lambda *inputs, **arguments: change(job.transform(*inputs, **arguments)))


@pytest.mark.parametrize(
    ("job", "differing"),
    [
        (
            changed(returns_1d, lambda made: made.withColumn("age", F.lit(1))),
            [(("age", "int"), None)],
        ),
        (
            changed(returns_1d, lambda made: made.withColumn("volume", F.lit(Decimal(1)))),
            [(("volume", "decimal(1,0)"), ("volume", "bigint"))],
        ),
        (
            changed(indicators_1d, lambda made: made.drop_columns(["state"])),
            [(None, ("state", "binary"))],
        ),
        (
            changed(bars_1m, lambda made: made.append_column("age", pa.nulls(made.num_rows, pa.int32()))),
            [(("age", "int32"), None)],
        ),
        (
            changed(bars_1m, lambda made: made.select([1, 0, *range(2, made.num_columns)])),
            [
                (("bar_start", "int64"), ("instrument_id", "int32")),
                (("instrument_id", "int32"), ("bar_start", "int64")),
            ],
        ),
    ],
    ids=["a column more", "another type", "a fold without its state", "a column more of a file", "another order"],
)
def test_a_planted_shape_is_seen(
    job: Job, differing: list[tuple[Any, Any]], spark: SparkSession, settings: Settings
) -> None:
    assert differing_shapes(job, spark, settings) == differing
