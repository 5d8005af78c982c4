"""Every view and check answers over the declared tables; people's SQL finds what it names."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyspark.errors import AnalysisException
from pyspark.sql import SparkSession

from spark_apps.lake.catalogue import (
    offending_rows,
    open_catalogue,
    run_sql,
    severity,
    statements,
    texts,
    write_tables_sql,
)
from spark_apps.lake.tables import arrow_schema, ensure
from spark_apps.lake.writing import append_arrow
from spark_apps.settings import Settings
from spark_apps.tables import ALL_TABLES
from spark_apps.tables.market import TRADES
from spark_apps.tables.model import Table
from tests.frames import rows

HEADER = ("-- What: ", "-- Grain: ", "-- Read by: ", "-- Example: ")


def put(spark: SparkSession, settings: Settings, table: Table, *given: dict[str, Any]) -> None:
    """Append rows to a table of the test's lake."""
    made = rows(spark, table, *given).toArrow().cast(arrow_schema(table.columns))
    append_arrow(table, pa.table(made), settings, {}, "{}")


@pytest.fixture
def empty_lake(spark: SparkSession, settings: Settings) -> Settings:
    """Make every declared table, empty, and its names."""
    for table in ALL_TABLES:
        if table.upkeep != "external":
            ensure(table, settings)
    open_catalogue(spark, settings)
    return settings


def test_every_view_check_and_query_answers_over_empty_tables(spark: SparkSession, empty_lake: Settings) -> None:
    assert empty_lake.lake_root.is_dir()
    for name in texts("views"):
        assert spark.table(name).collect() == [], name
    assert offending_rows(spark) == dict.fromkeys(texts("checks"), 0)
    for name, text in texts("queries").items():
        assert spark.sql(text).collect() == [], name


def test_a_view_of_a_column_that_was_renamed_fails(spark: SparkSession, empty_lake: Settings) -> None:
    spark.sql("CREATE OR REPLACE VIEW gold.momentum_1d AS SELECT 1 AS instrument_id, DATE'2026-11-20' AS session_date")
    with pytest.raises(AnalysisException, match="momentum_rank"):
        spark.sql(texts("views")["top_momentum"])
    open_catalogue(spark, empty_lake)


def test_a_table_that_was_never_made_is_empty_and_the_lake_stays_untouched(
    spark: SparkSession, settings: Settings
) -> None:
    assert run_sql(spark, settings, "SELECT * FROM latest_bars LIMIT 5").collect() == []
    assert not settings.lake_root.exists()


def test_a_statement_makes_only_the_names_that_it_needs(settings: Settings) -> None:
    made = list(statements(settings, "SELECT count(*) FROM gold.bars_1m"))
    assert [text.split(" AS ")[0] for text in made] == [
        "CREATE DATABASE IF NOT EXISTS gold",
        "CREATE OR REPLACE VIEW gold.bars_1m",
    ]


def test_a_statement_that_names_no_table_sees_them_all(spark: SparkSession, settings: Settings) -> None:
    shown = {row.viewName for row in run_sql(spark, settings, "SHOW VIEWS IN gold").collect()}
    assert shown >= {table.name for table in ALL_TABLES if table.layer == "gold"} | texts("views").keys()


@pytest.mark.parametrize(("name", "text"), texts("views").items())
def test_a_view_says_what_it_is_and_its_example_runs(
    spark: SparkSession, settings: Settings, name: str, text: str
) -> None:
    lines = text.splitlines()
    assert [line.startswith(words) for line, words in zip(lines, HEADER, strict=False)] == [True] * 4, name
    run_sql(spark, settings, lines[3].removeprefix("-- Example: ")).collect()


def test_every_check_states_its_severity() -> None:
    assert {severity(text) for text in texts("checks").values()} == {"error", "warn"}
    with pytest.raises(ValueError, match="Severity"):
        severity("SELECT 1")


def test_every_quarantine_is_counted_by_rule() -> None:
    tables = {table.full_name for table in ALL_TABLES if table.layer == "quarantine"}
    assert {name for name in tables if name not in texts("views")["quarantine_by_rule"]} == set()


def test_spark_sql_reads_the_written_names(spark: SparkSession, settings: Settings) -> None:
    put(spark, settings, TRADES, {"quantity": 300}, {"quantity": 500, "source_seq": 2})
    names = write_tables_sql(settings, settings.lake_root / "tables.sql")
    query = "SELECT sum(quantity) AS shares FROM silver.trades; SELECT count(*) FROM latest_bars"
    command = [str(Path(sys.executable).with_name("spark-sql")), "-i", str(names), "-e", query]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout.split() == ["800", "0"]
