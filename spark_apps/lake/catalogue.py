"""Names for people: every declared table as layer.name, and the views of sql/views, in a session of its own.

A table is a view over its folder: registering them as tables takes far longer. One that has
not been made yet stands there empty, with its declared columns, so that every view always answers.
"""

import re
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

from deltalake import DeltaTable
from pyspark.sql import DataFrame, SparkSession

from spark_apps.lake.location import location
from spark_apps.settings import Settings
from spark_apps.tables import ALL_TABLES
from spark_apps.tables.model import Table

SQL = Path(__file__).parents[2] / "sql"
INSTRUMENTS = Path(__file__).parents[1] / "rules" / "data" / "instruments.csv"
SEVERITY = re.compile(r"-- Severity: (error|warn)\n")


def texts(folder: str) -> dict[str, str]:
    """Read sql/<folder>: name of each file -> its text."""
    return {path.stem: path.read_text(encoding="utf-8").strip() for path in sorted((SQL / folder).glob("*.sql"))}


def severity(check: str) -> str:
    """Give the severity that a check's first line states: error or warn."""
    found = SEVERITY.match(check)
    if found is None:
        raise ValueError(f"a file of sql/checks must begin with '-- Severity: error' or warn, not {check[:40]!r}")
    return found[1]


def definitions(settings: Settings) -> dict[str, str]:
    """Give the SQL that makes each name: databases, tables, functions, instruments and views, not yet in order."""
    stored = [table for table in ALL_TABLES if table.upkeep != "external"]
    made: dict[str, str] = {table.layer: f"CREATE DATABASE IF NOT EXISTS {table.layer}" for table in stored}
    made |= {
        table.full_name: f"CREATE OR REPLACE VIEW {table.full_name} AS {_rows(table, settings)}" for table in stored
    }
    made["instruments"] = (
        "CREATE OR REPLACE TEMPORARY VIEW instruments (instrument_id INT, symbol STRING, name STRING, exchange STRING, "
        f"type STRING, valid_from DATE, valid_to DATE) USING csv OPTIONS (path '{INSTRUMENTS}', header 'true')"
    )
    views = texts("views")
    return (
        made
        | texts("functions")
        | {name: f"CREATE OR REPLACE TEMPORARY VIEW {name} AS\n{views[name]}" for name in views}
    )


def statements(settings: Settings, wanted: str = "") -> Iterator[str]:
    """Give the SQL that makes every name that `wanted` needs, each after what it stands on; all where it needs none."""
    made = definitions(settings)
    needs = {name: _names_in(text, made) - {name} for name, text in made.items()}
    asked = _names_in(wanted, made) or set(made)
    while not (more := {need for name in asked for need in needs[name]}) <= asked:
        asked |= more
    yield from (made[name] for name in TopologicalSorter(needs).static_order() if name in asked)


def _names_in(text: str, known: dict[str, str]) -> set[str]:
    """Find the known names that an SQL text uses; a table brings the name of its database."""
    words = set(re.findall(r"[a-z_][\w.]*", re.sub(r"--.*", "", text).lower()))
    return (words | {word.split(".")[0] for word in words if "." in word}) & known.keys()


def _rows(table: Table, settings: Settings) -> str:
    path = location(table, settings)
    if DeltaTable.is_deltatable(str(path)):
        return f"SELECT * FROM delta.`{path}`"
    columns = ", ".join(f"CAST(NULL AS {column.type}) AS `{column.name}`" for column in table.columns)
    return f"SELECT {columns} WHERE false"


def open_catalogue(spark: SparkSession, settings: Settings, wanted: str = "") -> None:
    """Make the names that an SQL text needs known to a session, or all; one that is there already is bound again."""
    for statement in statements(settings, wanted):
        spark.sql(statement)


def run_sql(spark: SparkSession, settings: Settings, text: str) -> DataFrame:
    """Answer one SQL statement over tables, views and functions."""
    open_catalogue(spark, settings, text)
    return spark.sql(text)


def write_tables_sql(settings: Settings, path: Path) -> Path:
    """Write the same names for `spark-sql -i <path>`; write it again when tables were made for the first time."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = ["-- Written by spark_apps/lake/catalogue.py from the declarations and sql/; do not edit."]
    path.write_text(
        "\n".join([*lines, *(f"{statement};" for statement in statements(settings))]) + "\n", encoding="utf-8"
    )
    return path


def offending_rows(spark: SparkSession) -> dict[str, int]:
    """Run every check of sql/checks in an opened catalogue; count the rows that it returns, 0 where all is well."""
    return {name: spark.sql(text).count() for name, text in texts("checks").items()}
