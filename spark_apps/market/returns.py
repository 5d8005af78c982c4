"""Daily returns on adjusted closes."""

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from spark_apps.market.indices import drop_indices


def build_returns(prices: DataFrame) -> DataFrame:
    """Give each session's return against the latest earlier session with a price, at most 30 days back.

    Grain: one row per instrument, indices left out, per session with an adjusted close above zero. A price older
    than 30 days is no base for a daily return: the return after a long suspension is empty.
    """
    row_before = Window.partitionBy("instrument_id").orderBy("session_date").rowsBetween(-1, -1)
    previous = F.max_by(F.struct("adjusted_close", "session_date"), "session_date").over(row_before)
    is_recent = F.datediff("session_date", "previous.session_date") <= 30
    return (
        drop_indices(prices)
        .where(F.col("adjusted_close") > 0)
        .withColumn("previous", previous)
        .withColumn("previous", F.when(is_recent, F.col("previous")))
        .select(
            "instrument_id",
            "session_date",
            "adjusted_close",
            F.col("previous.session_date").alias("previous_session_date"),
            (F.col("adjusted_close").cast("DOUBLE") / F.col("previous.adjusted_close").cast("DOUBLE") - 1).alias(
                "daily_return"
            ),
            "volume",
            "value",
            "available_at",
        )
    )
