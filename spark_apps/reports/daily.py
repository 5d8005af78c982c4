"""The day in one row."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F


def build_daily_report(returns: DataFrame, momentum: DataFrame, value_at_risk: DataFrame) -> DataFrame:
    """Count who rose and fell, name the extremes, and put risk beside them. Grain: one row per session.

    The risk figure is that of the first portfolio by name; ties for best and worst go to the lower id.
    """
    moves = returns.where(F.col("daily_return").isNotNull())
    breadth = moves.groupBy("session_date").agg(
        F.count("*").cast("INT").alias("instruments"),
        F.count_if(F.col("daily_return") > 0).cast("INT").alias("advances"),
        F.count_if(F.col("daily_return") < 0).cast("INT").alias("declines"),
        F.count_if(F.col("daily_return") == 0).cast("INT").alias("unchanged"),
        F.sum("volume").alias("volume"),
        F.coalesce(F.sum("value"), F.lit(0)).cast("DECIMAL(28,4)").alias("value"),
        F.max_by("instrument_id", F.struct("daily_return", -F.col("instrument_id"))).alias("best_instrument_id"),
        F.min_by("instrument_id", F.struct("daily_return", "instrument_id")).alias("worst_instrument_id"),
    )
    strongest = momentum.where(F.col("momentum_rank") == 1).select(
        "session_date", F.col("instrument_id").alias("strongest_instrument_id")
    )
    risk = value_at_risk.groupBy("session_date").agg(
        F.min("portfolio").alias("portfolio"),
        F.min_by("value_at_risk_99_vnd", "portfolio").alias("value_at_risk_99_vnd"),
    )
    return (
        breadth.join(strongest, on="session_date", how="left")
        .join(risk, on="session_date", how="left")
        .select(
            "session_date",
            "instruments",
            "advances",
            "declines",
            "unchanged",
            "volume",
            "value",
            "best_instrument_id",
            "worst_instrument_id",
            "strongest_instrument_id",
            "portfolio",
            "value_at_risk_99_vnd",
        )
    )
