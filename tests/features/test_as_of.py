"""The as-of join against brute force and against pandas, with ties, gaps, tolerance and slices."""

from collections.abc import Sequence
from random import Random
from typing import Any

import pandas as pd
import pytest
from pyspark.sql import DataFrame, SparkSession

from spark_apps.features.as_of import join_as_of

CASES = 10_000
TRADES = "case INT, instrument_id INT, event_time BIGINT, price BIGINT"
QUOTES = "case INT, instrument_id INT, event_time BIGINT, quote_seq BIGINT, bid BIGINT"
Rows = list[tuple[Any, ...]]


def a_case(case: int, random: Random) -> tuple[Rows, Rows]:
    """Make one small case: few instruments and moments, so that ties, gaps and missing keys are common."""
    moments = random.choice([3, 12, 60])

    def when() -> int | None:
        return None if random.random() < 0.02 else random.randrange(-moments, moments)

    def who() -> int | None:
        return None if random.random() < 0.02 else random.randrange(3)

    trades = [(case, who(), when(), number) for number in range(random.randrange(7))]
    quotes = [
        (case, who(), when(), seq, random.randrange(100)) for seq in random.sample(range(20), random.randrange(9))
    ]
    return trades, quotes


def brute_force(trades: Rows, quotes: Rows, tolerance: int | None) -> list[tuple[Any, ...]]:
    """Look at every quote for every trade."""
    found = []
    for trade in trades:
        case, instrument, at, _ = trade
        fitting = [
            quote
            for quote in quotes
            if at is not None
            and instrument is not None
            and quote[2] is not None
            and quote[:2] == (case, instrument)
            and quote[2] <= at
        ]
        last = max(fitting, key=lambda quote: (quote[2], quote[3]), default=None)
        is_old = last is not None and tolerance is not None and at - last[2] > tolerance
        found.append((*trade, None if is_old else last))
    return found


def joined(trades: DataFrame, quotes: DataFrame, **how: int | None) -> list[tuple[Any, ...]]:
    """Join by case and instrument; give plain tuples."""
    made = join_as_of(
        trades,
        quotes,
        by=("case", "instrument_id"),
        at="event_time",
        known_at="event_time",
        ties=("quote_seq",),
        name="quote",
        **how,  # type: ignore[arg-type]  # tolerance and slice_width
    )
    return [(*row[:-1], tuple(row["quote"]) if row["quote"] else None) for row in made.collect()]


def in_order(rows: Sequence[tuple[Any, ...]]) -> list[str]:
    return sorted(map(str, rows))


@pytest.mark.parametrize(("tolerance", "slice_width"), [(None, 7), (4, 5), (0, 1_000)])
def test_ten_thousand_random_cases_equal_brute_force(
    tolerance: int | None, slice_width: int, spark: SparkSession
) -> None:
    random = Random(11)
    cases = [a_case(case, random) for case in range(CASES)]
    trades = spark.createDataFrame([row for rows, _ in cases for row in rows], TRADES)
    quotes = spark.createDataFrame([row for _, rows in cases for row in rows], QUOTES)
    wanted = [row for case in cases for row in brute_force(*case, tolerance)]
    assert sum(row[-1] is not None for row in wanted) > CASES // 5
    assert in_order(joined(trades, quotes, tolerance=tolerance, slice_width=slice_width)) == in_order(wanted)


def test_it_agrees_with_pandas_where_pandas_decides(spark: SparkSession) -> None:
    random = Random(3)
    trades = pd.DataFrame({"case": 0, "instrument_id": [random.randrange(5) for _ in range(500)]})
    trades = trades.assign(event_time=sorted(random.randrange(3_000) for _ in range(500)), price=range(500))
    quotes = pd.DataFrame({"case": 0, "instrument_id": [random.randrange(5) for _ in range(400)]})
    # pandas leaves ties to the order of the rows, so each quote has a moment of its own.
    quotes = quotes.assign(event_time=sorted(random.sample(range(3_000), 400)), quote_seq=range(400), bid=range(400))
    theirs = pd.merge_asof(trades, quotes, on="event_time", by="instrument_id", tolerance=50)
    ours = joined(
        spark.createDataFrame(trades, TRADES), spark.createDataFrame(quotes, QUOTES), tolerance=50, slice_width=100
    )
    bids = {row[3]: row[4][4] if row[4] else None for row in ours}
    assert bids == {row.price: None if pd.isna(row.bid) else row.bid for row in theirs.itertuples()}


def test_columns_of_one_name_stand_apart(spark: SparkSession) -> None:
    rows = spark.createDataFrame([(1, 10, 5)], "instrument_id INT, time BIGINT, known BIGINT")
    known = spark.createDataFrame([(1, 9, 6)], "instrument_id INT, time BIGINT, known BIGINT")
    made = join_as_of(rows, known, by=["instrument_id"], at="time", known_at="time", ties=["known"], name="row")
    assert made.columns == ["instrument_id", "time", "known", "row"]
    assert [row.asDict(recursive=True) for row in made.collect()] == [
        {"instrument_id": 1, "time": 10, "known": 5, "row": {"instrument_id": 1, "time": 9, "known": 6}}
    ]
