"""The strategies over minute bars, and over how these stand among all others, as the live folds judge them."""

from collections.abc import Sequence
from functools import partial
from typing import Protocol

import numpy as np
import pyarrow as pa
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from spark_apps.kernels import Kernels
from spark_apps.kernels.arrow import map_batches
from spark_apps.kernels.layouts import SIGNAL_OUT
from spark_apps.kernels.outputs import output_table
from spark_apps.kernels.strategies import book_bytes
from spark_apps.market.bars import MINUTE
from spark_apps.tables.signals import SIGNALS_1M
from spark_apps.tables.strategies import BAR_NUMBERS, QUOTE_NUMBERS, READABLE_OF, STANDING_NUMBERS
from spark_apps.tables.strategy_model import Book, Reads

_MADE = tuple(column for column in SIGNALS_1M.columns if column.name != "run_id")
_PLACE = ("instrument_id", "session_date", "bar_start")


class HasBook(Protocol):
    """Name what the settings know of a book."""

    @property
    def book(self) -> Book:
        """Give the book."""


def judge_minutes(
    indicators: DataFrame, bars: DataFrame, quotes: DataFrame, strategies: Sequence[HasBook], kernels: Kernels
) -> DataFrame:
    """Judge minute bars by the book of strategies in force at each.

    Grain: one row per bar and strategy that entered or left there, known when the bar's indicators and what its quotes
    say are; each session opens without a stance. No books, no rows. Meaning: kernels/reference_strategies.py.
    """
    bar = ["instrument_id", "bar_start"]
    numbers = bars.select(*_PLACE, *_doubles(BAR_NUMBERS))
    said = quotes.select(*bar, *_doubles(QUOTE_NUMBERS), F.col("available_at").alias("quotes_at"))
    rows = numbers.join(indicators.drop("session_date"), on=bar, how="inner").join(said, on=bar, how="left")
    rows = rows.withColumn("available_at", F.greatest("available_at", "quotes_at"))
    return _judged(rows, Reads.BAR, strategies, kernels)


def judge_standings(standings: DataFrame, cross_strategies: Sequence[HasBook], kernels: Kernels) -> DataFrame:
    """Judge how minute bars stand among all others by the book of strategies over standings in force at each.

    Grain: one row per bar and strategy that entered or left there, known when the standing is; each session opens
    without a stance. No books, no rows. Meaning: kernels/reference_strategies.py.
    """
    return _judged(
        standings.select(*_PLACE, "available_at", *STANDING_NUMBERS), Reads.STANDING, cross_strategies, kernels
    )


def _judged(rows: DataFrame, reads: Reads, strategies: Sequence[HasBook], kernels: Kernels) -> DataFrame:
    books = [book_bytes(each.book) for each in strategies]
    return map_batches(
        rows.select(*_PLACE, "available_at", *READABLE_OF[reads]).repartition("instrument_id"),
        partial(_judge_task, kernels, reads, books),
        ", ".join(f"{column.name} {column.type}" for column in _MADE),
    )


def _doubles(names: Sequence[str]) -> list[Column]:
    return [F.col(name).cast("DOUBLE").alias(name) for name in names]


def _judge_task(kernels: Kernels, reads: Reads, books: list[bytes], rows: pa.Table) -> pa.Table:
    rows = rows.sort_by([("instrument_id", "ascending"), ("bar_start", "ascending")])
    inputs = np.column_stack([rows[name].to_numpy() for name in READABLE_OF[reads]])
    made = kernels.signals_of(
        books,
        rows["instrument_id"].to_numpy(),
        rows["session_date"].cast(pa.int32()).to_numpy(),
        rows["bar_start"].to_numpy(),
        np.ascontiguousarray(inputs, np.float64),
        MINUTE,
        reads,
    )
    bar = ["instrument_id", "bar_start"]
    known_at = rows.select([*bar, "available_at"])
    signals = (
        output_table(made.view(SIGNAL_OUT))
        .drop_columns("available_at")
        .join(known_at, keys=bar, join_type="left outer")
    )
    return signals.select([column.name for column in _MADE])
