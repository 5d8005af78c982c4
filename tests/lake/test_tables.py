"""A table is made with its constraints, and Delta holds rows to them."""

import pytest
from pyspark.sql import SparkSession

from spark_apps.lake.location import location
from spark_apps.lake.tables import constraints, ensure
from spark_apps.settings import Settings
from spark_apps.tables import ALL_TABLES
from spark_apps.tables.daily import DAILY_PRICES
from spark_apps.tables.market import TICKS
from tests.frames import rows


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
