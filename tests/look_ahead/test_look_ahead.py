"""No registered indicator, strategy, standing or join looks ahead; planted leaks of each kind are caught.

Jobs are held to the same by tests/jobs/test_free.py: made chunk by chunk, none sees a row after its chunk.
"""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from spark_apps.features.as_of import join_as_of
from spark_apps.kernels import choose
from spark_apps.kernels.layouts import SIGNAL_OUT
from spark_apps.kernels.strategies import book_bytes
from spark_apps.tables.indicators import ALL_INDICATORS, CHOSEN
from spark_apps.tables.strategies import ALL_STRATEGIES, STANDING_NUMBERS
from spark_apps.tables.strategy_model import Book, Reads, Strategy
from tests.look_ahead.prover import leaks

KERNELS = choose("preferred")
ROWS = 400
MOMENTS = (0, 1, 2, 19, 20, 21, 55, 100, 199, 200, 333)
MINUTE = 60_000_000_000
NAMES = tuple(indicator.name for indicator in ALL_INDICATORS)
Matrix = NDArray[np.float64]


@cache
def history() -> tuple[NDArray[np.float64], ...]:
    """Walk at random: open, high, low, close, volume of one instrument."""
    random = np.random.default_rng(11)
    close = 50 + np.cumsum(random.integers(-10, 11, ROWS)) / 20
    opened = np.roll(close, 1)
    high, low = np.maximum(opened, close), np.minimum(opened, close)
    return opened, high, low, close, random.integers(1, 5_000, ROWS).astype(np.float64)


def indicators(names: tuple[str, ...], rows: int) -> Matrix:
    """Fold the first rows of history."""
    opened, high, low, close, volume = (np.ascontiguousarray(column[:rows]) for column in history())
    fold, ids = KERNELS.IndicatorFold(names), np.ones(rows, np.int32)
    values, _, _ = fold.apply(ids, opened, high, low, close, volume.astype(np.int64))
    return values


@cache
def all_indicators(rows: int) -> Matrix:
    return indicators(NAMES, rows)


def of_column(matrix: Callable[[int], Matrix], place: int) -> Callable[[int], Mapping[int, bytes]]:
    """Give a column of a matrix by row."""
    return lambda rows: {row: value.tobytes() for row, value in enumerate(matrix(rows)[:, place])}


def before(row: int) -> int:
    """Say how many rows must be known for the output of one."""
    return row + 1


@pytest.mark.parametrize("name", NAMES)
def test_no_indicator_looks_ahead(name: str) -> None:
    outputs = of_column(all_indicators, NAMES.index(name))
    assert leaks(outputs, before, MOMENTS, ROWS) == []
    assert len(set(outputs(ROWS).values())) > 2  # it says something


def test_an_indicator_that_looks_ahead_is_caught() -> None:
    def centred(rows: int) -> Matrix:
        return np.convolve(history()[3][:rows], np.ones(5) / 5, "same").reshape(-1, 1)

    assert leaks(of_column(centred, 0), before, MOMENTS[3:], ROWS)


@cache
def figures() -> Matrix:
    """Draw what quotes say of each bar, in the order of QUOTE_NUMBERS."""
    random = np.random.default_rng(12)
    counted, shares = random.integers(0, 500, (ROWS, 3)), random.uniform(-1, 1, (ROWS, 3))
    return np.column_stack([counted, 40 + 40 * shares[:, :2], shares[:, 2]])


@cache
def ranks() -> Matrix:
    """Draw how each bar stands among all others, in the order of STANDING_NUMBERS."""
    return np.random.default_rng(13).uniform(0, 1, (ROWS, len(STANDING_NUMBERS)))


def signals(strategy: Strategy, rows: int, shift: int = 0) -> Mapping[int, Any]:
    """Judge the first bars of history by one strategy; `shift` gives it the numbers of a later bar."""
    bars = (column[:rows] for column in history())
    if strategy.reads == Reads.STANDING:
        inputs = ranks()[:rows]
    else:
        inputs = np.column_stack([*bars, figures()[:rows], indicators(CHOSEN, rows)])
    inputs = np.ascontiguousarray(np.roll(inputs, -shift, axis=0))
    ids, days, starts = np.ones(rows, np.int32), np.full(rows, 20, np.int32), np.arange(rows) * MINUTE
    book = book_bytes(Book(0, 1, 30, False, (strategy,), strategy.reads))
    made = KERNELS.signals_of([book], ids, days, starts, inputs, MINUTE, strategy.reads).view(SIGNAL_OUT)
    return {int(row["bar_start"]) // MINUTE: row.tobytes() for row in made}


@pytest.mark.parametrize("strategy", ALL_STRATEGIES, ids=lambda strategy: strategy.name)
def test_no_strategy_looks_ahead(strategy: type[Strategy]) -> None:
    assert leaks(lambda rows: signals(strategy(), rows), before, MOMENTS, ROWS) == []
    assert len(signals(strategy(), ROWS)) > 2  # it says something


@pytest.mark.parametrize("strategy", ALL_STRATEGIES, ids=lambda strategy: strategy.name)
def test_a_strategy_that_looks_ahead_is_caught(strategy: type[Strategy]) -> None:
    assert leaks(lambda rows: signals(strategy(), rows, shift=1), before, range(ROWS), ROWS)


@cache
def market() -> tuple[NDArray[np.int64], ...]:
    """Walk five instruments at random for some minutes: start, instrument, close, value of each bar."""
    random = np.random.default_rng(5)
    start, instrument = np.divmod(np.arange(5 * 100), 5)
    close = 100 + np.cumsum(random.integers(-3, 4, (100, 5)), axis=0).ravel()
    return start * MINUTE, instrument + 1, close, random.integers(1, 50, 500)


def standings(minutes: int, ahead: int = 0) -> Mapping[Any, bytes]:
    """Rank the bars of the first minutes; `ahead` gives each the prices of as many minutes later."""
    start, instrument, close, value = (column[: 5 * minutes] for column in market())
    close = np.concatenate([close[5 * ahead :], close[len(close) - 5 * ahead :]]) if minutes > ahead else close
    made = KERNELS.cross_section(instrument.astype(np.int32), start, close, value, 15, 30)
    rows = zip(*(column.tolist() for column in made.values()), strict=True)
    places = zip((start // MINUTE).tolist(), instrument.tolist(), strict=True)
    return {place: np.array(row).tobytes() for place, row in zip(places, rows, strict=True)}


def test_no_standing_among_others_looks_ahead() -> None:
    assert leaks(standings, lambda place: int(place[0]) + 1, (0, 1, 15, 16, 30, 31, 77), 100) == []
    assert len(set(standings(100).values())) > 300  # it says something


def test_a_standing_that_looks_ahead_is_caught() -> None:
    assert leaks(lambda minutes: standings(minutes, ahead=1), lambda place: int(place[0]) + 1, (16, 31, 77), 100)


def joined(spark: SparkSession, moment: int, delay: int = 0) -> Mapping[int, Any]:
    """Join trades with the quotes known by then; a negative `delay` hands quotes out before they are known."""
    trades = known(spark, "event_time BIGINT, number BIGINT", [(time, time) for time in range(0, ROWS, 7)], moment)
    quotes = known(spark, "known_at BIGINT, bid BIGINT", [(time, time) for time in range(0, ROWS, 5)], moment)
    quotes = quotes.withColumn("known_at", F.col("known_at") + delay)
    keyed = trades.withColumn("one", F.lit(1)), quotes.withColumn("one", F.lit(1))
    rows = join_as_of(*keyed, by=["one"], at="event_time", known_at="known_at", ties=["bid"], name="quote").collect()
    return {row.event_time: row.quote and row.quote.bid for row in rows}


def known(spark: SparkSession, schema: str, rows: list[tuple[int, int]], moment: int) -> DataFrame:
    return spark.createDataFrame([row for row in rows if row[0] <= moment], schema)


def test_no_join_as_of_looks_ahead(spark: SparkSession) -> None:
    assert leaks(lambda moment: joined(spark, moment), int, (0, 36, 200), ROWS) == []


def test_a_join_that_looks_ahead_is_caught(spark: SparkSession) -> None:
    assert leaks(lambda moment: joined(spark, moment, delay=-10), int, (36, 200), ROWS)
