"""The two functions that every table test uses: rows in, rows compared."""

from datetime import date
from decimal import Decimal
from typing import Any

from chispa import assert_df_equality
from pyspark.sql import DataFrame, SparkSession

from spark_apps.tables.model import Column, Table

DAY = date(2026, 11, 20)


def rows(spark: SparkSession, table: Table, *given: dict[str, Any]) -> DataFrame:
    """Build a frame of a table's stored columns; what the test does not name gets a plain value or null."""
    columns = {column.name: column for column in table.columns}
    unknown = {name for row in given for name in row} - columns.keys()
    assert not unknown, f"{table.full_name} has no column {unknown}"
    filled = [tuple(_fit(row.get(name, _plain(column)), column) for name, column in columns.items()) for row in given]
    return spark.createDataFrame(filled, table.schema)


def _fit(value: Any, column: Column) -> Any:
    """Let a test write whole prices as numbers."""
    return Decimal(value) if column.type.startswith("DECIMAL") and isinstance(value, int) else value


def _plain(column: Column) -> Any:
    if column.nullable:
        return None
    kind = column.type.split("(")[0]
    return {
        "STRING": "",
        "INT": 1,
        "BIGINT": 1,
        "DOUBLE": 1.0,
        "DATE": DAY,
        "BOOLEAN": True,
        "BINARY": b"",
        "DECIMAL": Decimal(1),
    }.get(kind, [])


def assert_rows(actual: DataFrame, expected: DataFrame, key: tuple[str, ...]) -> None:
    """Compare rows in key order, nullability aside."""
    names = expected.columns
    assert_df_equality(
        actual.select(*names).orderBy(*key), expected.orderBy(*key), ignore_nullable=True, ignore_metadata=True
    )
