"""A table is made with its constraints, and Delta holds rows to them."""

from dataclasses import replace
from typing import Any

import pyarrow as pa
import pytest
from pyspark.sql import SparkSession

from spark_apps.errors import SchemaMismatch
from spark_apps.lake import writing
from spark_apps.lake.location import location
from spark_apps.lake.tables import constraints, ensure, opened
from spark_apps.settings import Settings
from spark_apps.tables import ALL_TABLES
from spark_apps.tables.daily import DAILY_PRICES, RETURNS_1D
from spark_apps.tables.market import TICKS
from spark_apps.tables.model import Column, Rule
from tests.frames import DAY, rows


def test_no_commit_leaves_a_table_without_its_constraints(settings: Settings) -> None:
    made = ensure(TICKS, settings)
    assert len(made.history()) == 1
    held = {name: text for name, text in made.metadata().configuration.items() if "constraints" in name}
    assert held == {f"delta.constraints.{rule.name}": rule.expect for rule in constraints(TICKS)}
    assert made.protocol().min_writer_version == 3


def test_every_error_rule_is_held_by_delta_unless_it_reads_what_is_not_stored() -> None:
    for table in ALL_TABLES:
        left_out = {rule.name for rule in table.rules_of("error")} - {rule.name for rule in constraints(table)}
        assert left_out <= {"record_is_readable", "session_has_happened", "corrected_trade_is_known"}
        assert not any("parse_error" in rule.expect for rule in constraints(table))


@pytest.mark.parametrize(
    ("older", "words"),
    [
        ({"columns": (*TICKS.columns[:-1],)}, "column run_id is missing, declared string NOT NULL"),
        ({"columns": (*TICKS.columns, Column("age", "INT", "Days."))}, "column age is integer NOT NULL, declared nowh"),
        (
            {"columns": tuple(replace(one, type="INT") if one.name == "source_seq" else one for one in TICKS.columns)},
            "column source_seq is integer NOT NULL, declared long NOT NULL",
        ),
        ({"rules": TICKS.rules[:4]}, "constraint price_is_positive is missing, declared price > 0"),
        (
            {"rules": (*TICKS.rules[:4], Rule("price_is_positive", "price >= 0"), *TICKS.rules[5:])},
            "constraint price_is_positive is price >= 0, declared price > 0",
        ),
    ],
)
def test_a_table_made_from_an_older_declaration_is_refused_with_what_differs(
    settings: Settings, older: dict[str, Any], words: str
) -> None:
    ensure(replace(TICKS, **older), settings)
    with pytest.raises(
        SchemaMismatch, match=rf"silver.ticks is not what tables declares: .*{words}.*ALTER TABLE delta"
    ):
        ensure(TICKS, settings)


def test_every_table_opens_again_as_it_was_made(settings: Settings) -> None:
    for table in ALL_TABLES:
        if table.upkeep != "external":
            assert ensure(table, settings).version() == ensure(table, settings).version() == 0


@pytest.mark.parametrize(
    ("row", "rule"),
    [
        ({"price": 0}, "price_is_positive"),
        ({"quantity": 0}, "quantity_is_positive"),
        ({"event_time": 300_000_000_000}, "event_is_not_ahead_of_receipt"),
    ],
)
def test_delta_refuses_a_tick_that_breaks_a_rule(
    spark: SparkSession, settings: Settings, row: dict[str, int], rule: str
) -> None:
    ensure(TICKS, settings)
    ticks = rows(spark, TICKS, row)
    with pytest.raises(Exception, match=f"CHECK constraint {rule} "):
        ticks.write.format("delta").mode("append").save(str(location(TICKS, settings)))


def test_a_good_row_of_every_guarded_kind_is_taken(spark: SparkSession, settings: Settings) -> None:
    for table in (TICKS, DAILY_PRICES):
        ensure(table, settings)
        given = {"high": 1, "low": 1} if table is DAILY_PRICES else {}
        rows(spark, table, given).write.format("delta").mode("append").save(str(location(table, settings)))


def test_spark_keeps_statistics_of_keys_and_clocks_alone(spark: SparkSession, settings: Settings) -> None:
    writing.replace(rows(spark, RETURNS_1D, {}), RETURNS_1D, DAY, DAY, settings, "{}")
    found = pa.table(opened(RETURNS_1D, settings).get_add_actions(flatten=True))
    kept = {name.removeprefix("max.") for name in found.column_names if name.startswith("max.")}
    held = {name for name in kept if found[f"max.{name}"].null_count == 0}
    assert held == {*RETURNS_1D.key, "session_date"}
    assert found["num_records"].to_pylist() == [1]
