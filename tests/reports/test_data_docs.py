"""Great Expectations says of a batch what the quarantine says, and writes it on pages."""

from dataclasses import replace as replaced
from datetime import date
from decimal import Decimal

import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from spark_apps.lake.data_docs import batch_rows, build_data_docs
from spark_apps.lake.quality import QUARANTINE, judge, kept_aside
from spark_apps.lake.writing import replace
from spark_apps.settings import Settings
from spark_apps.tables import named
from spark_apps.tables.daily import DAILY_PRICES, RETURNS_1D
from spark_apps.tables.sources import DAILY_PRICE_LINES
from tests.frames import DAY, rows
from tests.sql.test_catalogue import put

UNKEYED = replaced(DAILY_PRICES, first_by=())
GOOD = {"open": 10, "high": 12, "low": 9, "close": 11, "adjusted_close": 11}


@pytest.fixture
def planted(spark: SparkSession, settings: Settings) -> Settings:
    """Write a good row, one that only warns, and in quarantine one with a close of zero."""
    put(spark, settings, DAILY_PRICES, GOOD, {**GOOD, "instrument_id": 2, "open": 13})
    put(spark, settings, RETURNS_1D, {"daily_return": 0.1})
    bad = rows(spark, DAILY_PRICES, {**GOOD, "instrument_id": 3, "close": 0})
    bad = bad.withColumn("parse_error", F.lit(None).cast("STRING")).withColumn("slice_date", F.lit(DAY))
    aside = kept_aside(judge(bad, UNKEYED), DAILY_PRICES, QUARANTINE, "slice_date")
    kept = named("quarantine.daily_prices")
    replace(aside.withColumn("run_id", F.lit("test")), kept, DAY, DAY, settings, "{}")
    return settings


def test_a_quarantined_row_comes_back_from_its_record(spark: SparkSession, planted: Settings) -> None:
    found = batch_rows(spark, planted, DAILY_PRICES, DAY, DAY).orderBy("instrument_id").collect()
    assert [(row.instrument_id, row.close) for row in found] == [(1, Decimal(11)), (2, Decimal(11)), (3, Decimal(0))]


def test_each_rule_counts_the_rows_that_break_it(spark: SparkSession, planted: Settings) -> None:
    found = build_data_docs(spark, planted, [DAILY_PRICES, DAILY_PRICE_LINES, RETURNS_1D], DAY, DAY)
    broken = {rule: count for rule, count in found["silver.daily_prices"].items() if count}
    assert broken == {"close_is_positive": 1, "open_is_within_range": 1, "close_is_within_range": 1}
    assert found["gold.returns_1d"] == {"return_is_above_minus_one": 0}
    assert "bronze.daily_price_lines" not in found
    pages = "".join(path.read_text(encoding="utf-8") for path in (planted.report_root / "data_docs").rglob("*.html"))
    assert "close_is_positive" in pages
    assert "high &gt;= low" in pages or "high >= low" in pages


def test_days_outside_the_slice_are_left_alone(spark: SparkSession, planted: Settings) -> None:
    assert batch_rows(spark, planted, DAILY_PRICES, date(2026, 11, 1), date(2026, 11, 19)).isEmpty()
