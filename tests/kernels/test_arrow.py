"""The Arrow border: decimals as integers and back, and whole tasks through a function."""

from decimal import Decimal

import numpy as np
import pyarrow as pa
import pytest
from pyspark.sql import SparkSession

from spark_apps.errors import SchemaMismatch
from spark_apps.kernels.arrow import decimals, map_batches, unscaled

PRICE = pa.decimal128(18, 4)


def prices(*values: str | None) -> pa.Array:
    """Make a decimal column."""
    return pa.array([None if value is None else Decimal(value) for value in values], PRICE)


def test_a_price_is_its_unscaled_number() -> None:
    assert unscaled(prices("25000.0000", "-0.0001", "0")).tolist() == [250_000_000, -1, 0]


def test_a_slice_and_chunks_are_read_where_they_lie() -> None:
    whole = prices("1", "2", "3", "4")
    assert unscaled(whole[1:3]).tolist() == [20_000, 30_000]
    assert unscaled(pa.chunked_array([whole[3:], whole[:1]])).tolist() == [40_000, 10_000]
    assert unscaled(pa.chunked_array([], PRICE)).tolist() == []


def test_there_and_back_is_the_same() -> None:
    given = np.array([10**18 - 1, -1, 0, 5, 1 - 10**18])
    assert unscaled(decimals(given, 18, 4)).tolist() == given.tolist()
    assert decimals(np.array([2**63 - 1]), 28, 4)[0].as_py() == Decimal("922337203685477.5807")
    assert len(decimals(np.array([], np.int64), 18, 4)) == 0


@pytest.mark.parametrize("value", [10**18, -(10**18)])
def test_a_number_with_more_digits_is_refused(value: int) -> None:
    with pytest.raises(SchemaMismatch, match="18 digits"):
        decimals(np.array([value]), 18, 4)


def test_a_null_is_refused() -> None:
    with pytest.raises(SchemaMismatch, match="1 of 2 values are null"):
        unscaled(prices("1", None))


@pytest.mark.parametrize("value", ["922337203685477.5808", "-922337203685477.5809"])
def test_a_value_beyond_int64_is_refused_by_row(value: str) -> None:
    with pytest.raises(SchemaMismatch, match="row 1"):
        unscaled(pa.array([Decimal(1), Decimal(value)], pa.decimal128(28, 4)))


def test_a_column_that_is_no_decimal_is_refused() -> None:
    with pytest.raises(SchemaMismatch, match="int64 is no decimal128"):
        unscaled(pa.array([1]))


def test_a_function_sees_all_rows_of_a_task_at_once(spark: SparkSession) -> None:
    def count(rows: pa.Table) -> pa.Table:
        return pa.table({"rows": [rows.num_rows], "names": [",".join(rows.column_names)]})

    spark.conf.set("spark.sql.execution.arrow.maxRecordsPerBatch", "10")
    counted = map_batches(spark.range(95).repartition(1), count, "rows BIGINT, names STRING").collect()
    spark.conf.unset("spark.sql.execution.arrow.maxRecordsPerBatch")
    assert [tuple(row) for row in counted] == [(95, "id")]


def test_a_task_without_rows_gives_none(spark: SparkSession) -> None:
    assert map_batches(spark.range(0), lambda rows: rows, "id BIGINT").collect() == []
