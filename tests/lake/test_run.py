"""The one verb: pinned inputs, rows that add up, no-ops, refusals, books kept."""

import json
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from pyspark.sql import SparkSession

from spark_apps.errors import BadSetting, RowsDoNotAddUp, RuleViolated, ServiceFailed, UnknownTable
from spark_apps.jobs.bars_1m import job as bars_1m
from spark_apps.jobs.returns_1d import job as returns_1d
from spark_apps.jobs.ticks import job as ticks
from spark_apps.jobs.trades import job as trades
from spark_apps.lake.command import said
from spark_apps.lake.job import Job, batch
from spark_apps.lake.lease import alone, lease
from spark_apps.lake.reading import latest, row_count
from spark_apps.lake.run import run
from spark_apps.lake.tables import arrow_schema, ensure
from spark_apps.lake.writing import append_arrow
from spark_apps.rules.calendar import at
from spark_apps.settings import Settings
from spark_apps.sources.envelope import Envelope
from spark_apps.tables import named
from spark_apps.tables.daily import DAILY_PRICES, RETURNS_1D
from spark_apps.tables.market import BARS_5M, TICKS, TRADES
from spark_apps.tables.model import Table
from spark_apps.tables.operations import RUNS
from tests.frames import DAY, rows
from tests.lakes import put_messages

TODAY = batch(DAY, DAY)
PRICE = {
    "instrument_id": 1, "session_date": DAY, "close": Decimal(10), "adjusted_close": Decimal(10), "volume": 1,
    "available_at": 1, "warnings": [], "run_id": "test",
}  # fmt: skip
TICK = {
    "source": "sim", "instrument_id": 1, "session_date": DAY, "source_seq": 1, "event_time": 60_000_000_000,
    "price": Decimal(10), "quantity": 100, "side": "buy", "received_at": 1, "warnings": [], "run_id": "test",
}  # fmt: skip


def put(table: Table, settings: Settings, *given: dict[str, Any]) -> None:
    append_arrow(table, pa.Table.from_pylist(list(given), arrow_schema(table.columns)), settings, {}, "{}")


def test_the_same_run_twice_commits_once(spark: SparkSession, settings: Settings) -> None:
    put(DAILY_PRICES, settings, PRICE)
    first, second = (run(returns_1d, TODAY, spark, settings) for _ in range(2))
    assert (first.status, first.rows_out, second.status) == ("done", 1, "unchanged")
    assert ensure(RETURNS_1D, settings).history(1)[0]["operation"] == "WRITE"
    assert row_count(RUNS, settings) == 2


def test_a_run_that_a_restore_took_back_is_made_again(spark: SparkSession, settings: Settings) -> None:
    put(DAILY_PRICES, settings, PRICE)
    run(returns_1d, TODAY, spark, settings)
    ensure(RETURNS_1D, settings).restore(0)
    assert run(returns_1d, TODAY, spark, settings).status == "done"
    assert row_count(RETURNS_1D, settings) == 1


def test_a_run_of_long_ago_is_found_behind_many_of_other_days(spark: SparkSession, settings: Settings) -> None:
    put(DAILY_PRICES, settings, PRICE)
    run(returns_1d, TODAY, spark, settings)
    other = json.dumps({"run_key": "another", "start": "2026-01-05", "end": "2026-01-05"})
    for _ in range(20):
        append_arrow(RETURNS_1D, arrow_schema(RETURNS_1D.columns).empty_table(), settings, {}, other)
    assert run(returns_1d, TODAY, spark, settings).status == "unchanged"


def test_a_commit_says_which_run_made_it_and_from_what(spark: SparkSession, settings: Settings) -> None:
    put(DAILY_PRICES, settings, PRICE)
    run(returns_1d, TODAY, spark, settings)
    said = json.loads(ensure(RETURNS_1D, settings).history(1)[0]["userMetadata"])
    assert said["inputs"] == {"silver.daily_prices": ensure(DAILY_PRICES, settings).version()}
    assert {row.run_id for row in latest(spark, RETURNS_1D, settings).collect()} == {said["run_id"]}


def test_an_older_day_lands_after_a_newer_one(spark: SparkSession, settings: Settings) -> None:
    put(DAILY_PRICES, settings, PRICE, PRICE | {"session_date": DAY - timedelta(1), "adjusted_close": Decimal(8)})
    run(returns_1d, TODAY, spark, settings)
    run(returns_1d, batch(DAY - timedelta(1), DAY - timedelta(1)), spark, settings)
    found = latest(spark, RETURNS_1D, settings).orderBy("session_date").collect()
    assert [row.daily_return for row in found] == [None, 0.25]


def test_a_corrected_day_replaces_its_slice_only(spark: SparkSession, settings: Settings) -> None:
    put(DAILY_PRICES, settings, PRICE, PRICE | {"session_date": DAY - timedelta(40)})
    run(returns_1d, batch(DAY - timedelta(40), DAY), spark, settings)
    put(DAILY_PRICES, settings, PRICE | {"instrument_id": 2})
    run(returns_1d, TODAY, spark, settings)
    assert row_count(RETURNS_1D, settings) == 3


def test_rows_that_break_a_rule_of_an_aggregate_stop_the_run(spark: SparkSession, settings: Settings) -> None:
    put(DAILY_PRICES, settings, PRICE)
    job = Job(
        RETURNS_1D,
        lambda prices: returns_1d.transform(prices).selectExpr("* EXCEPT (daily_return)", "-2D AS daily_return"),
    )
    with pytest.raises(RuleViolated, match="gold.returns_1d: {'return_is_above_minus_one': 1}"):
        run(job, TODAY, spark, settings)
    assert row_count(RETURNS_1D, settings) == 0
    assert ensure(RUNS, settings).to_pyarrow_table()["status"].to_pylist() == ["failed"]


def envelope(seq: int, day: date) -> Envelope:
    return Envelope("sim", "trade", seq, at(day, "10:00"), at(day, "10:01"), "json", 1, b"no JSON")


def test_a_slice_that_looks_ahead_counts_its_own_messages_against_bronze(
    spark: SparkSession, settings: Settings
) -> None:
    monday = DAY + timedelta(3)
    put_messages([envelope(1, DAY), envelope(2, DAY), envelope(3, monday)], settings)
    report = run(ticks, TODAY, spark, settings)
    assert (report.rows_in, report.rows_out, report.quarantined) == (2, 0, 2)
    assert said(report, TODAY).endswith("done, 2 in = 0 out + 2 quarantined + 0 late + 0 duplicate")
    lossy = replace(ticks, transform=lambda messages: ticks.transform(messages).where("source_seq > 1"))
    with pytest.raises(RowsDoNotAddUp, match="silver.ticks: 2 rows in, but 1 judged; nothing was written"):
        run(lossy, TODAY, spark, settings.with_values(seed=8))


def test_orphan_corrections_are_counted_and_kept(spark: SparkSession, settings: Settings) -> None:
    put(TICKS, settings, TICK, TICK | {"source_seq": 7, "corrects_seq": 5})
    report = run(trades, TODAY, spark, settings)
    assert (report.rows_in, report.rows_out, report.quarantined) == (2, 1, 1)
    (kept,) = latest(spark, named("quarantine.trades"), settings).collect()
    assert kept.broken_rules == ["corrected_trade_is_known"]


def test_a_slice_that_is_empty_now_is_emptied(spark: SparkSession, settings: Settings) -> None:
    put(TICKS, settings, TICK)
    run(trades, TODAY, spark, settings)
    run(bars_1m, TODAY, spark, settings)
    ensure(TRADES, settings).delete()
    run(bars_1m, TODAY, spark, settings)
    assert row_count(bars_1m.writes, settings) == 0


def test_a_commit_of_files_keeps_the_comments_of_the_columns(spark: SparkSession, settings: Settings) -> None:
    put(TICKS, settings, TICK)
    run(trades, TODAY, spark, settings)
    run(bars_1m, TODAY, spark, settings)
    for table in (TICKS, bars_1m.writes):
        kept = ensure(table, settings)
        assert kept.version() == 1
        assert {field.name: field.metadata for field in kept.schema().fields} == {
            column.name: {"comment": column.doc} for column in table.columns
        }


def test_a_table_that_was_never_made_is_named_with_the_next_step(spark: SparkSession, settings: Settings) -> None:
    with pytest.raises(UnknownTable, match="silver.daily_prices has not been made yet"):
        run(returns_1d, TODAY, spark, settings)


def test_a_second_writer_is_refused_with_the_holder(spark: SparkSession, settings: Settings) -> None:
    put(DAILY_PRICES, settings, PRICE)
    with lease(RETURNS_1D, settings), pytest.raises(ServiceFailed, match="gold.returns_1d is being written by process"):
        run(returns_1d, TODAY, spark, settings)


def test_a_run_is_found_again_behind_many_of_other_days(spark: SparkSession, settings: Settings) -> None:
    put(DAILY_PRICES, settings, PRICE)
    assert run(returns_1d, TODAY, spark, settings).status == "done"
    of_another_day = json.dumps({"run_key": "another", "start": "2026-01-05", "end": "2026-01-05"})
    none = pa.Table.from_pylist([], arrow_schema(RETURNS_1D.columns))
    for _ in range(20):
        append_arrow(RETURNS_1D, none, settings, {}, of_another_day)
    assert run(returns_1d, TODAY, spark, settings).status == "unchanged"


def test_commits_of_two_runs_of_one_job_do_not_mix(spark: SparkSession, settings: Settings) -> None:
    put(DAILY_PRICES, settings, PRICE)
    other = alone(RETURNS_1D.full_name, settings, "another run")
    with other, pytest.raises(ServiceFailed, match="gold.returns_1d is being written by process"):
        run(returns_1d, TODAY, spark, settings)
    assert row_count(RETURNS_1D, settings) == 0


def test_an_end_before_the_start_is_refused() -> None:
    with pytest.raises(BadSetting, match="before it starts"):
        batch(DAY, DAY - timedelta(1))


def test_delta_itself_refuses_a_row_that_breaks_a_stored_rule(spark: SparkSession, settings: Settings) -> None:
    ensure(BARS_5M, settings)
    bar = {"open": 0, "low": 0, "high": 1, "close": 1, "value": 1}
    (rule,) = (rule for rule in BARS_5M.rules if rule.name == "low_is_positive")
    frame = rows(spark, BARS_5M, bar)
    with pytest.raises(Exception, match=rf"DELTA_VIOLATE_CONSTRAINT_WITH_VALUES.*{rule.name} \({rule.expect}\)"):
        frame.write.format("delta").mode("append").save(str(settings.lake_root / "gold" / "bars_5m"))
    rows(spark, BARS_5M, bar | {"low": 1, "open": 1}).write.format("delta").mode("append").save(
        str(settings.lake_root / "gold" / "bars_5m")
    )
    assert row_count(BARS_5M, settings) == 1
