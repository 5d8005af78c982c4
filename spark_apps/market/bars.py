"""Bars: minutes from trades by the fold, longer widths from minutes."""

import numpy as np
import pyarrow as pa
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from spark_apps.kernels import Kernels
from spark_apps.kernels.arrow import decimals, unscaled
from spark_apps.tables.market import BARS_1M

MINUTE = 60_000_000_000
PRICES = ("open", "high", "low", "close")


def build_bars_1m(trades: pa.Table, kernels: Kernels) -> pa.Table:
    """Fold the trades of one session into minute bars.

    Grain: one row per instrument per minute in which a trade happened, minutes [start, start + 1). A trade on
    the boundary opens the later bar; trades of one instant follow source_seq; cancelled trades count for nothing.
    """
    columns = kernels.fold_bars(
        trades["instrument_id"].to_numpy(),
        trades["event_time"].to_numpy(),
        trades["source_seq"].to_numpy(),
        unscaled(trades["price"]),
        trades["quantity"].to_numpy(),
        MINUTE,
    )
    made = {name: pa.array(values) for name, values in columns.items()}
    made |= {name: decimals(columns[name].astype(np.int64), 18, 4) for name in PRICES}
    made["value"] = decimals(columns["value"].astype(np.int64), 28, 4)
    wanted = [name for name in BARS_1M.column_names if name in made]
    return pa.table({name: made[name] for name in wanted})


def _roll_up(bars: DataFrame, start: Column, end: Column) -> DataFrame:
    """Merge minute bars that share a start; `end` is when the wide bar is over."""
    return (
        bars.withColumn("wide_start", start)
        .groupBy("instrument_id", "session_date", "wide_start")
        .agg(
            F.min("bar_start").alias("first_minute"),
            F.min_by("open", "bar_start").alias("open"),
            F.max("high").alias("high"),
            F.min("low").alias("low"),
            F.max_by("close", "bar_start").alias("close"),
            F.sum("volume").alias("volume"),
            F.sum("value").cast("DECIMAL(28,4)").alias("value"),
            F.sum("trade_count").alias("trade_count"),
            F.max("available_at").alias("last_minute_at"),
        )
        .select(
            "instrument_id",
            "session_date",
            F.coalesce("wide_start", "first_minute").alias("bar_start"),
            *PRICES,
            "volume",
            "value",
            "trade_count",
            F.greatest("last_minute_at", end).alias("available_at"),
        )
    )


def widen_bars(bars: DataFrame, minutes: int) -> DataFrame:
    """Merge minute bars into bars of a number of minutes that divides the hour, or of whole hours.

    Grain: one row per instrument per width in which a trade happened. Exchange time is UTC+7, so bars that
    start on the UTC clock start on the exchange's clock too.
    """
    width = F.lit(minutes * MINUTE)
    return _roll_up(bars, F.col("bar_start") - F.col("bar_start") % width, F.col("wide_start") + width)


def build_session_bars(bars: DataFrame) -> DataFrame:
    """Merge the minute bars of a session into one bar that starts with its first minute.

    Grain: one row per instrument per session.
    """
    return _roll_up(bars, F.lit(None).cast("BIGINT"), F.lit(None).cast("BIGINT"))
