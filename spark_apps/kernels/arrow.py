"""Carry columns between Spark, Arrow and the kernels: the only file that hands Python functions to Spark."""

from collections.abc import Callable, Iterable, Iterator

import numpy as np
import pyarrow as pa
from pyspark.sql import DataFrame

from spark_apps.errors import SchemaMismatch
from spark_apps.kernels.layouts import Ints


def map_batches(frame: DataFrame, function: Callable[[pa.Table], pa.Table], schema: str) -> DataFrame:
    """Apply a function to all rows of a task at once, as one Arrow table; a task without rows gives none.

    The result is cast to `schema`, Spark SQL text, by column order; the caller decides which rows share a task.
    """
    names = frame.columns

    def whole_task(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        held = [batch for batch in batches if batch.num_rows]
        if held:
            yield from function(pa.Table.from_batches(held).rename_columns(names)).to_batches()

    return frame.mapInArrow(whole_task, schema)


def map_pairs(
    left: DataFrame, right: DataFrame, by: str, function: Callable[[pa.Table, pa.Table], pa.Table], schema: str
) -> DataFrame:
    """Apply a function to the rows of two frames that share a value of `by`, a side without such rows being empty.

    The result is cast to `schema`, Spark SQL text, by column order.
    """
    return left.groupBy(by).cogroup(right.groupBy(by)).applyInArrow(function, schema)


def sorted_rows(rows: pa.Table, *keys: str) -> pa.Table:
    """Sort rows by integer columns, the first key first; rows with equal keys stay in their order."""
    return rows.take(pa.array(np.lexsort([rows[key].to_numpy() for key in reversed(keys)])))


def unscaled(values: pa.Array | pa.ChunkedArray) -> Ints:
    """Give decimals as their unscaled int64, without a division; raise SchemaMismatch for a null or beyond int64.

    A decimal128 is sixteen little-endian bytes: the lower eight are the answer if the upper eight repeat its sign.
    """
    array = values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values
    if not pa.types.is_decimal128(array.type):
        raise SchemaMismatch(f"unscaled: {array.type} is no decimal128. Cast the column to DECIMAL first")
    if array.null_count:
        raise SchemaMismatch(f"unscaled: {array.null_count} of {len(array)} values are null. Set such rows aside first")
    halves = np.frombuffer(array.buffers()[1], np.int64, 2 * len(array), 16 * array.offset).reshape(-1, 2)
    low, high = halves[:, 0], halves[:, 1]
    if not np.array_equal(high, low >> 63):
        row = int(np.argmax(high != low >> 63))
        raise SchemaMismatch(f"unscaled: row {row}, {array[row]}, does not fit int64 at scale {array.type.scale}")
    return np.ascontiguousarray(low)


def decimals(values: Ints, precision: int, scale: int) -> pa.Array:
    """Give unscaled int64 as DECIMAL(precision, scale); raise SchemaMismatch where a value has more digits."""
    if precision < 19 and len(values) and (int(values.max()) >= 10**precision or int(values.min()) <= -(10**precision)):
        raise SchemaMismatch(f"decimals: values from {values.min()} to {values.max()} exceed {precision} digits")
    halves = np.empty((len(values), 2), np.int64)
    halves[:, 0], halves[:, 1] = values, values >> 63
    return pa.Array.from_buffers(pa.decimal128(precision, scale), len(values), [None, pa.py_buffer(halves)])
