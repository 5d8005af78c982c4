"""What quotes say of minute bars at night: by hand, and held against the as-of join."""

from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from spark_apps.features.as_of import join_as_of
from spark_apps.features.quotes import quote_minutes
from spark_apps.kernels import Kernels, choose
from spark_apps.market.bars import MINUTE, SECOND
from spark_apps.tables.market import TRADES
from spark_apps.tables.quotes import QUOTES
from tests.frames import DAY, rows

NEXT_DAY = DAY.replace(day=23)
KERNELS = choose("preferred")


def trade(seq: int, second: float, price: int = 100, quantity: int = 10, **given: Any) -> dict[str, Any]:
    """Say a trade of instrument 1 that was known in its own second."""
    time = round(second * SECOND)
    said = {"source": "sim", "source_seq": seq, "event_time": time, "price": price, "quantity": quantity}
    return said | {
        "instrument_id": 1,
        "session_date": DAY,
        "known_at": time // SECOND * SECOND,
        "correction_count": 0,
        **given,
    }


def quote(seq: int, second: float, bid: int | None = 99, ask: int | None = 101, **given: Any) -> dict[str, Any]:
    """Say a quote of instrument 1 that was received as it came to stand."""
    time = round(second * SECOND)
    said = {"source": "sim", "source_seq": seq, "event_time": time, "bid": bid, "ask": ask, "received_at": time}
    sizes = {"bid_quantity": 10, "bid_depth": 30} if bid else {"bid_quantity": 0, "bid_depth": 0}
    sizes |= {"ask_quantity": 5, "ask_depth": 10} if ask else {"ask_quantity": 0, "ask_depth": 0}
    return said | {"instrument_id": 1, "session_date": DAY, **sizes, **given}


def told(spark: SparkSession, trades: list[dict[str, Any]], quotes: list[dict[str, Any]]) -> list[Any]:
    """Give the rows of minute bars in order."""
    made = quote_minutes(rows(spark, TRADES, *trades), rows(spark, QUOTES, *quotes), KERNELS)
    return made.orderBy("session_date", "instrument_id", "bar_start").collect()


def test_a_bar_has_the_book_at_its_end_and_what_happened_to_it(spark: SparkSession) -> None:
    (row,) = told(spark, [trade(1, 20, 101, 7)], [quote(1, 10), quote(2, 30, bid_quantity=16), quote(3, 60, 1, 2)])
    assert (row.bid, row.ask, row.quoted_at) == (Decimal(99), Decimal(101), 30 * SECOND)
    assert (row.quote_count, row.order_flow, row.bought_volume, row.sold_volume) == (2, 6, 7, 0)
    assert (row.spread_bps, row.depth_imbalance) == (pytest.approx(200), 0.5)
    assert row.available_at == 60 * SECOND


def test_a_side_that_nobody_quotes_is_null(spark: SparkSession) -> None:
    (row,) = told(spark, [trade(1, 20)], [quote(1, 10, ask=None)])
    assert (row.bid, row.ask, row.ask_quantity, row.spread_bps) == (Decimal(99), None, 0, None)


def test_sessions_and_instruments_are_apart(spark: SparkSession) -> None:
    trades = [trade(1, 20), trade(1, 20, instrument_id=2), trade(1, 20, session_date=NEXT_DAY)]
    made = told(spark, trades, [quote(1, 10), quote(1, 5, instrument_id=3)])
    assert [(row.instrument_id, row.session_date) for row in made] == [(1, DAY)]


def test_of_one_time_the_source_with_the_higher_number_is_in_force(spark: SparkSession) -> None:
    (row,) = told(spark, [trade(1, 20)], [quote(1, 10, 50, source="vn30f"), quote(9, 10, 60)])
    assert row.bid == Decimal(50)


def test_a_row_is_available_when_all_that_it_says_had_come(spark: SparkSession) -> None:
    late = quote(1, 10, received_at=75 * SECOND + 1)
    # The last bar's only trade comes after its end: live the bar waits for the next clock, as in gold.bars_1m.
    trades = [trade(1, 20), trade(2, 70), trade(3, 130), trade(4, 190, known_at=300 * SECOND)]
    made = told(spark, trades, [late, quote(2, 125)])
    assert [row.available_at // SECOND for row in made] == [76, 120, 180, 301]


def test_it_equals_the_as_of_join_of_trades_with_quotes(spark: SparkSession) -> None:
    random = np.random.default_rng(11)
    size = 400
    given = zip(random.integers(1, 4, size), random.integers(0, 300, size), random.integers(95, 106, size), strict=True)
    trades = [trade(seq, int(at), int(price), 5, instrument_id=int(one)) for seq, (one, at, price) in enumerate(given)]
    given = zip(random.integers(1, 4, size), random.integers(0, 300, size), random.integers(96, 104, size), strict=True)
    quotes = [
        quote(seq, int(at), int(bid), int(bid) + 2, instrument_id=int(one)) for seq, (one, at, bid) in enumerate(given)
    ]
    bars = quote_minutes(rows(spark, TRADES, *trades), rows(spark, QUOTES, *quotes), KERNELS)
    joined = _joined(rows(spark, TRADES, *trades), rows(spark, QUOTES, *quotes))
    names = ("instrument_id", "bar_start", "bought_volume", "sold_volume")
    ours = {tuple(row[name] for name in names) for row in bars.collect()}
    theirs = {tuple(row[name] for name in names) for row in joined.collect()}
    assert ours == theirs
    assert len(ours) > 10


def _joined(trades: DataFrame, quotes: DataFrame) -> DataFrame:
    """Count what was bought and sold by the as-of join; bars before the first quote are left out."""
    met = join_as_of(
        trades, quotes, by=("session_date", "instrument_id"), at="event_time", known_at="event_time",
        ties=("source_seq",), name="quote",
    )  # fmt: skip
    middle = F.col("quote.bid") + F.col("quote.ask")
    start = F.col("event_time") - F.col("event_time") % MINUTE
    return (
        met.groupBy("instrument_id", start.alias("bar_start"))
        .agg(
            F.coalesce(F.sum(F.when(2 * F.col("price") > middle, F.col("quantity"))), F.lit(0)).alias("bought_volume"),
            F.coalesce(F.sum(F.when(2 * F.col("price") < middle, F.col("quantity"))), F.lit(0)).alias("sold_volume"),
            F.max("quote.event_time").alias("known"),
        )
        .where(F.col("known").isNotNull())
    )


def test_both_kernels_say_the_same(spark: SparkSession) -> None:
    def of(kernels: Kernels) -> list[Any]:
        frames = (rows(spark, TRADES, trade(1, 20), trade(2, 80)), rows(spark, QUOTES, quote(1, 10), quote(2, 70, 98)))
        return quote_minutes(*frames, kernels).orderBy("bar_start").collect()

    assert of(choose("off")) == of(KERNELS)
