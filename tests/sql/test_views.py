"""What the views say of rows that the test wrote."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import partial

import numpy as np
import pytest
from chispa import assert_df_equality
from pyspark.sql import DataFrame, SparkSession

from spark_apps.lake.catalogue import run_sql, texts
from spark_apps.market.bars import build_session_bars, widen_bars
from spark_apps.settings import Settings
from spark_apps.tables import ALL_TABLES, named
from spark_apps.tables.indicators import INDICATOR_STATES_1D
from spark_apps.tables.live import BARS_1M_LIVE, LATE_LIVE
from spark_apps.tables.market import BARS_1D, BARS_1H, BARS_1M, BARS_5M, TICKS
from spark_apps.tables.model import Table
from spark_apps.tables.operations import RUNS
from spark_apps.tables.quotes import QUOTES
from spark_apps.tables.sources import MESSAGES
from tests.frames import DAY, rows
from tests.sql.test_catalogue import put

MINUTE = 60_000_000_000
NINE = 1_795_140_000_000_000_000  # 2026-11-20 09:00 on the exchange's clock


def test_the_newest_bar_is_shown_with_symbol_and_exchange_time(spark: SparkSession, settings: Settings) -> None:
    put(spark, settings, BARS_1M, {"bar_start": NINE}, {"bar_start": NINE + MINUTE, "close": 2})
    put(spark, settings, BARS_1M_LIVE, {"bar_start": NINE + MINUTE, "close": 3, "revision": 0})
    (bar,) = run_sql(spark, settings, "SELECT * FROM latest_bars").collect()
    assert (bar.symbol, bar.bar_time, bar.close) == ("XANB", datetime(2026, 11, 20, 9, 1), Decimal(2))  # noqa: DTZ001 - wall clock


def test_the_last_revision_of_a_live_bar_counts(spark: SparkSession, settings: Settings) -> None:
    put(spark, settings, BARS_1M_LIVE, {"revision": 1, "close": 5, "input_offset": 9}, {"revision": 0, "close": 7})
    assert [bar.close for bar in run_sql(spark, settings, "SELECT * FROM live_bars").collect()] == [Decimal(5)]


@pytest.mark.parametrize(
    ("told", "seen"),
    [
        ({}, []),
        ({"available_at": MINUTE - 1}, []),
        ({"close": 2}, ["values differ"]),
        ({"available_at": 2 * MINUTE}, ["values differ"]),
    ],
    ids=["same", "closed by the session's end", "another close", "known later"],
)
def test_live_and_batch_are_compared_bar_by_bar(
    spark: SparkSession, settings: Settings, told: dict[str, int], seen: list[str]
) -> None:
    put(spark, settings, BARS_1M, {"bar_start": 0, "available_at": MINUTE})
    bar = {"bar_start": 0, "available_at": MINUTE} | told
    put(spark, settings, BARS_1M_LIVE, bar, {"bar_start": MINUTE, "trade_count": 0, "ordinal": 2})
    found = run_sql(spark, settings, "SELECT * FROM live_against_batch").collect()
    assert [row.difference for row in found] == seen


def test_a_state_that_does_not_follow_is_an_offending_row(spark: SparkSession, settings: Settings) -> None:
    first = {"opening_hash": 0, "closing_hash": 4, "session_date": DAY - timedelta(1)}
    put(spark, settings, INDICATOR_STATES_1D, first, {"opening_hash": 5, "closing_hash": 6})
    (row,) = run_sql(spark, settings, texts("checks")["state_chain"]).collect()
    assert (row.fold, row.session_date, row.previous_closing_hash) == ("indicators_1d", DAY, 4)


def test_a_live_row_that_was_doubled_is_an_offending_row(spark: SparkSession, settings: Settings) -> None:
    put(spark, settings, BARS_1M_LIVE, {"input_offset": 1}, {"input_offset": 2})
    assert run_sql(spark, settings, texts("checks")["live_key_unique"]).count() == 1


def test_what_an_older_generation_doubled_is_no_offending_row(spark: SparkSession, settings: Settings) -> None:
    put(spark, settings, BARS_1M_LIVE, {"input_offset": 1}, {"input_offset": 2})
    put(spark, settings, BARS_1M_LIVE, {"input_offset": 3, "generation": 7, "session_date": DAY + timedelta(3)})
    assert run_sql(spark, settings, texts("checks")["live_key_unique"]).collect() == []


def test_a_silence_is_seen_and_the_noon_break_is_none(spark: SparkSession, settings: Settings) -> None:
    starts = (0, 3, 10, 149, 240)  # 9:00, 9:03, 9:10, then 11:29 and 13:00
    put(spark, settings, BARS_1M, *({"bar_start": NINE + start * MINUTE} for start in starts))
    put(spark, settings, BARS_1M_LIVE, {})
    # A session in which the live application took no part is not asked.
    yesterday = {"session_date": DAY - timedelta(1)}
    put(spark, settings, BARS_1M, yesterday, yesterday | {"bar_start": 9 * MINUTE})
    found = run_sql(spark, settings, texts("checks")["silent_minutes"]).collect()
    assert [row.silent_after.strftime("%H:%M") for row in found] == ["09:03", "09:10"]


def test_the_fold_is_held_against_silver_without_what_it_called_late(spark: SparkSession, settings: Settings) -> None:
    put(spark, settings, TICKS, *({"source_seq": place, "quantity": 100} for place in (1, 2, 3)))
    put(spark, settings, TICKS, {"source_seq": 4, "corrects_seq": 1, "quantity": 40})
    put(spark, settings, LATE_LIVE, {"source_seq": 3, "quantity": 100})
    put(spark, settings, BARS_1M_LIVE, {"trade_count": 2, "volume": 140})
    check = texts("checks")["fold_accepted_against_silver"]
    assert run_sql(spark, settings, check).collect() == []
    put(spark, settings, TICKS, {"source_seq": 5, "quantity": 700})
    assert [row.silver_volume for row in run_sql(spark, settings, check).collect()] == [840]


def test_a_message_without_an_outcome_is_seen(spark: SparkSession, settings: Settings) -> None:
    put(spark, settings, MESSAGES, {"topic_offset": 1}, {"topic_offset": 2})
    put(spark, settings, MESSAGES, {"topic_offset": 3, "ingest_date": date(2026, 11, 21)})
    check = texts("checks")["messages_have_an_outcome"]
    assert run_sql(spark, settings, check).collect() == []  # no night has been yet
    put(spark, settings, RUNS, {"job": "silver.ticks", "slice_end": date(2026, 11, 20)})
    put(spark, settings, RUNS, {"job": "silver.ticks", "slice_end": date(2026, 11, 21), "status": "failed"})
    assert run_sql(spark, settings, check).collect() == []  # nor has its other half
    put(spark, settings, RUNS, {"job": "silver.quotes", "slice_end": date(2026, 11, 21)})
    put(spark, settings, TICKS, {"source_seq": 1})
    assert [tuple(row) for row in run_sql(spark, settings, check).collect()] == [(2, 1)]
    put(spark, settings, named("late.quotes"), {"record": "{}"})
    assert run_sql(spark, settings, check).collect() == []
    put(spark, settings, QUOTES, {"source_seq": 2})  # the slice may hold what came on the next day, about its own
    assert run_sql(spark, settings, check).collect() == []
    put(spark, settings, TICKS, {"source_seq": 3})
    assert [tuple(row) for row in run_sql(spark, settings, check).collect()] == [(2, 4)]


def test_every_quarantine_has_its_rules_counted() -> None:
    asked = texts("views")["quarantine_by_rule"]
    kept = [table.full_name for table in ALL_TABLES if table.layer == "quarantine"]
    assert [name for name in kept if f"FROM {name}\n" not in asked] == []


def test_a_correction_without_its_trade_is_an_offending_row(spark: SparkSession, settings: Settings) -> None:
    put(
        spark,
        settings,
        TICKS,
        {"source_seq": 1},
        {"source_seq": 2, "corrects_seq": 1},
        {"source_seq": 3, "corrects_seq": 9},
    )
    found = run_sql(spark, settings, texts("checks")["orphan_corrections"]).collect()
    assert [row.source_seq for row in found] == [3]


@pytest.mark.parametrize(
    ("width", "table", "widen"),
    [
        ("5m", BARS_5M, partial(widen_bars, minutes=5)),
        ("1h", BARS_1H, partial(widen_bars, minutes=60)),
        ("1d", BARS_1D, build_session_bars),
    ],
)
def test_live_bars_widen_as_those_of_the_night(
    width: str, table: Table, widen: Callable[[DataFrame], DataFrame], spark: SparkSession, settings: Settings
) -> None:
    random = np.random.default_rng(3)
    minutes = []
    for instrument_id in (1, 2):
        for minute in np.flatnonzero(random.random(150) < 0.6).tolist():
            low = int(random.integers(1, 50))
            bar = {
                "low": low,
                "high": low + 9,
                "open": low + int(random.integers(0, 9)),
                "close": low + 3,
                "value": minute,
            }
            start = NINE + (7 + minute) * MINUTE
            minutes.append(bar | {"instrument_id": instrument_id, "bar_start": start, "available_at": start + MINUTE})
    put(spark, settings, BARS_1M_LIVE, *minutes)
    names = [name for name in table.column_names if name != "run_id"]
    live = run_sql(spark, settings, f"SELECT * FROM live_wide_bars WHERE width = '{width}'").select(*names)
    night = widen(rows(spark, BARS_1M, *minutes)).select(*names)
    assert_df_equality(live, night, ignore_row_order=True, ignore_nullable=True)
    assert live.count() > 1
