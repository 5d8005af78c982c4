"""Trades take their last correction."""

from pyspark.sql import SparkSession

from spark_apps.market.trades import apply_corrections
from spark_apps.tables.market import TICKS
from tests.frames import rows


def test_the_last_correction_wins_whatever_the_order(spark: SparkSession) -> None:
    ticks = rows(
        spark,
        TICKS,
        {"source_seq": 9, "corrects_seq": 1, "price": 12, "quantity": 300},
        {"source_seq": 1, "price": 10, "quantity": 100, "side": "buy", "event_time": 5},
        {"source_seq": 7, "corrects_seq": 1, "price": 11, "quantity": 200},
    )
    (trade,) = apply_corrections(ticks).collect()
    assert (trade.source_seq, trade.price, trade.quantity, trade.side, trade.event_time) == (1, 12, 300, "buy", 5)
    assert trade.correction_count == 2


def test_a_cancelled_trade_stays_with_quantity_zero(spark: SparkSession) -> None:
    ticks = rows(
        spark,
        TICKS,
        {"source_seq": 1, "quantity": 100},
        {"source_seq": 2, "corrects_seq": 1, "quantity": 0},
    )
    (trade,) = apply_corrections(ticks).collect()
    assert (trade.quantity, trade.is_known) == (0, True)


def test_a_correction_of_a_trade_that_is_not_there_is_marked(spark: SparkSession) -> None:
    ticks = rows(spark, TICKS, {"source_seq": 2, "corrects_seq": 1})
    (orphan,) = apply_corrections(ticks).collect()
    assert not orphan.is_known
