"""Trades as they stand: each with its last correction."""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

SECOND = 1_000_000_000


def apply_corrections(ticks: DataFrame) -> DataFrame:
    """Give each trade the price and quantity of its last correction; quantity 0 is a cancelled trade.

    Grain: one row per trade, and one with is_known false per trade that is only known by its corrections.
    The last correction is the one with the highest source_seq. Time, side and place stay the trade's own. A single
    correction that repeats the trade changes nothing, so the trade was known as it stands when it arrived.
    """
    is_trade = F.col("corrects_seq").isNull()
    match = F.struct("event_time", "price", "quantity", "side", "received_at")
    correction = F.max_by(F.when(~is_trade, match), F.when(~is_trade, F.col("source_seq")))
    trade = F.max_by(F.when(is_trade, match), is_trade)
    merged = (
        ticks.withColumn("place", F.coalesce("corrects_seq", "source_seq"))
        .groupBy("source", "instrument_id", "session_date", "place")
        .agg(
            trade.alias("trade"),
            correction.alias("correction"),
            F.count_if(~is_trade).cast("int").alias("correction_count"),
            (F.count_if(is_trade) > 0).alias("is_known"),
        )
        .withColumn("first", F.coalesce("trade", "correction"))
        .withColumn("last", F.coalesce("correction", "trade"))
        .withColumn("repeats", (F.col("correction_count") == 1) & _same("price") & _same("quantity"))
        .withColumn("known", F.when(F.col("repeats"), F.col("first.received_at")).otherwise(F.col("last.received_at")))
    )
    return merged.select(
        "source",
        "instrument_id",
        "session_date",
        F.col("place").alias("source_seq"),
        "first.event_time",
        "last.price",
        "last.quantity",
        "first.side",
        "correction_count",
        (F.col("known") - F.col("known") % SECOND).alias("known_at"),
        "is_known",
    ).sortWithinPartitions("session_date", "event_time", "source_seq")


def _same(field: str) -> Column:
    return F.col(f"first.{field}") == F.col(f"last.{field}")
