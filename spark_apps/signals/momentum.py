"""Cross-sectional momentum: buy what rose most over the year before last month."""

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F


def rank_momentum(returns: DataFrame) -> DataFrame:
    """Rank instruments by their return from one year ago to one month ago.

    Grain: one row per instrument per session. Formula: 12-1 momentum of Jegadeesh and Titman (1993), in
    calendar days: the latest price 30 to 60 days back over the latest price 365 to 400 days back, minus 1.
    Position: the strongest fifth 1, the weakest fifth -1, all others 0; ties go to the lower instrument_id.
    """
    by_day = Window.partitionBy("instrument_id").orderBy(F.unix_date("session_date"))
    month_ago = F.max_by("adjusted_close", "session_date").over(by_day.rangeBetween(-60, -30))
    year_ago = F.max_by("adjusted_close", "session_date").over(by_day.rangeBetween(-400, -365))
    whole_day = Window.partitionBy("session_date").rowsBetween(Window.unboundedPreceding, Window.unboundedFollowing)
    ordered = (
        Window.partitionBy("session_date")
        .orderBy(F.desc("momentum"), F.asc("instrument_id"))
        .rowsBetween(Window.unboundedPreceding, Window.currentRow)
    )
    fifth = F.floor(F.col("ranked_instruments") / 5)
    return (
        returns.withColumn("momentum", month_ago.cast("DOUBLE") / year_ago.cast("DOUBLE") - 1)
        .where(F.col("momentum").isNotNull())
        .withColumn("momentum_rank", F.row_number().over(ordered))
        .withColumn("ranked_instruments", F.count("*").over(whole_day).cast("INT"))
        .withColumn(
            "position",
            F.when(F.col("momentum_rank") <= fifth, 1)
            .when(F.col("momentum_rank") > F.col("ranked_instruments") - fifth, -1)
            .otherwise(0),
        )
        .select(
            "instrument_id",
            "session_date",
            "momentum",
            "momentum_rank",
            "ranked_instruments",
            "position",
            "available_at",
        )
    )
