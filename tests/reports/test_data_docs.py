"""Great Expectations says of a batch what the quarantine says, and writes it on pages."""

from dataclasses import replace as replaced
from datetime import date
from typing import Any

import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from spark_apps.jobs import report
from spark_apps.lake.data_docs import build_data_docs, verdicts
from spark_apps.lake.quality import QUARANTINE, judge, kept_aside
from spark_apps.lake.writing import replace
from spark_apps.settings import Settings
from spark_apps.tables import named
from spark_apps.tables.daily import DAILY_PRICES, RETURNS_1D
from spark_apps.tables.model import Rule
from spark_apps.tables.sources import DAILY_PRICE_LINES
from tests.conftest import settings_in
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
    bad = bad.withColumns(
        {"parse_error": F.lit(None).cast("STRING"), "slice_date": F.lit(DAY), "received_date": F.lit(DAY)}
    )
    aside = kept_aside(judge(bad, UNKEYED), DAILY_PRICES, QUARANTINE, "slice_date")
    kept = named("quarantine.daily_prices")
    replace(aside.withColumn("run_id", F.lit("test")), kept, DAY, DAY, settings, "{}")
    return settings


def test_accepted_and_quarantined_rows_answer_every_rule(spark: SparkSession, planted: Settings) -> None:
    found = verdicts(spark, planted, DAILY_PRICES, DAILY_PRICES.rules_of("error", "warn"), DAY, DAY)
    answers = [tuple(row) for row in found.select("close_is_positive", "open_is_within_range").collect()]
    assert sorted(answers) == [(False, True), (True, False), (True, True)]
    # What the row no longer carries was answered when it was accepted.
    assert {tuple(row) for row in found.select("record_is_readable", "session_has_happened").collect()} == {
        (True, True)
    }


def test_a_warning_about_what_is_not_stored_is_read_from_the_row(spark: SparkSession, planted: Settings) -> None:
    put(spark, planted, DAILY_PRICES, {**GOOD, "instrument_id": 4, "warnings": ["file_is_named"]})
    named_file = Rule("file_is_named", "file_name <> ''", "warn")
    found = verdicts(spark, planted, replaced(DAILY_PRICES, rules=(named_file,)), (named_file,), DAY, DAY)
    # Two rows without the warning, the one that carries it, and one of quarantine that has no file name.
    assert sorted(row.file_is_named for row in found.collect()) == [False, False, True, True]


def test_each_rule_counts_the_rows_that_break_it(spark: SparkSession, planted: Settings) -> None:
    found = build_data_docs(spark, planted, dict.fromkeys((DAILY_PRICES, DAILY_PRICE_LINES, RETURNS_1D), (DAY, DAY)))
    broken = {rule: count for rule, count in found["silver.daily_prices"].items() if count}
    assert broken == {"close_is_positive": 1, "open_is_within_range": 1, "close_is_within_range": 1}
    assert found["gold.returns_1d"] == {"return_is_above_minus_one": 0}
    assert "bronze.daily_price_lines" not in found
    pages = "".join(path.read_text(encoding="utf-8") for path in (planted.report_root / "data_docs").rglob("*.html"))
    assert "close_is_positive" in pages
    assert "high &gt;= low" in pages or "high >= low" in pages


def test_days_outside_the_slice_are_left_alone(spark: SparkSession, planted: Settings) -> None:
    rules = DAILY_PRICES.rules_of("error")
    assert verdicts(spark, planted, DAILY_PRICES, rules, date(2026, 11, 1), date(2026, 11, 19)).isEmpty()


def test_pages_made_of_the_same_versions_and_days_stay(
    spark: SparkSession, planted: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    built: list[Any] = []

    def build(_spark: SparkSession, settings: Settings, slices: Any) -> None:
        built.append(slices)
        (settings.report_root / "data_docs").mkdir(parents=True, exist_ok=True)

    monkeypatch.setattr(report, "build_data_docs", build)
    for _ in range(2):
        report.write_data_docs(spark, planted, DAY, DAY)
    assert len(built) == 1
    report.write_data_docs(spark, planted, DAY, date(2026, 11, 23))
    assert len(built) == 1  # of daily files all days are judged, and nothing else is here
    another = settings_in(planted.lake_root.parent / "another").with_values(report_root=planted.report_root)
    put(spark, another, DAILY_PRICES, GOOD)
    put(spark, planted, DAILY_PRICES, {**GOOD, "instrument_id": 5})
    report.write_data_docs(spark, planted, DAY, DAY)
    assert len(built) == 2
    report.write_data_docs(spark, another, DAY, DAY)
    assert len(built) == 3  # another lake may be at the same versions
