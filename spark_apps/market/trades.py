"""Trades as they stand: each with its last correction."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F


def apply_corrections(ticks: DataFrame) -> DataFrame:
    """Give each trade the price and quantity of its last correction; quantity 0 is a cancelled trade.

    Grain: one row per trade, and one with is_known false per trade that is only known by its corrections.
    The last correction is the one with the highest source_seq. Time, side and place stay the trade's own.
    """
    is_trade = F.col("corrects_seq").isNull()
    match = F.struct("event_time", "price", "quantity", "side")
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
        "is_known",
    ).sortWithinPartitions("session_date", "event_time", "source_seq")
