"""Bars: seconds and minutes from trades by the fold, longer widths from minutes."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from spark_apps.kernels import Kernels
from spark_apps.kernels.arrow import decimals, unscaled
from spark_apps.kernels.layouts import Ints
from spark_apps.tables.market import BARS_1M

SECOND = 1_000_000_000
MINUTE = 60 * SECOND
HIGHEST = (1 << 63) - 1
PRICES = ("open", "high", "low", "close")
# Of trades, what `build_bars` looks at.
READS = ("instrument_id", "source_seq", "event_time", "price", "quantity", "correction_count", "known_at")


def build_bars(trades: pa.Table, kernels: Kernels, seconds: int) -> pa.Table:
    """Fold the trades of one session into bars of a number of seconds that divides the hour.

    Grain: one row per instrument per width in which a trade happened, [start, start + width). A trade on
    the boundary opens the later bar; trades of one instant follow source_seq; cancelled trades count for nothing.
    A bar is available at its end, or when the last of its trades was known as it stands, whichever is later.
    """
    width = seconds * SECOND
    columns = kernels.fold_bars(
        trades["instrument_id"].to_numpy(),
        trades["event_time"].to_numpy(),
        trades["source_seq"].to_numpy(),
        unscaled(trades["price"]),
        trades["quantity"].to_numpy(),
        width,
    )
    made = {name: pa.array(values) for name, values in columns.items()}
    made |= {name: decimals(columns[name].astype(np.int64), 18, 4) for name in PRICES}
    made["available_at"] = pa.array(bars_available_at(trades, columns, width))
    made["value"] = decimals(columns["value"].astype(np.int64), 28, 4)
    wanted = [name for name in BARS_1M.column_names if name in made]
    return pa.table({name: made[name] for name in wanted})


def bars_available_at(trades: pa.Table, bars: Mapping[str, NDArray[Any]], width: int) -> Ints:
    """Move the end of a bar on to the second in which a trade of it came, or was corrected, later than that.

    So says the live fold's clock: an emitted bar is revised within the second; one of which nothing had come by its
    end waits for the next.
    """
    event_time, known_at = trades["event_time"].to_numpy(), trades["known_at"].to_numpy()
    available: Ints = bars["available_at"]
    later = np.flatnonzero(known_at > event_time)
    later = later[known_at[later] >= event_time[later] // width * width + width]
    if not len(later) or not len(available):
        return available
    key = bar_key(bars["instrument_id"], bars["bar_start"] // width)
    wanted = bar_key(trades["instrument_id"].to_numpy()[later], event_time[later] // width)
    place = np.minimum(np.searchsorted(key, wanted), len(key) - 1)
    is_of_bar = key[place] == wanted  # all trades of a bar may have been cancelled
    place, later = place[is_of_bar], later[is_of_bar]
    known, is_new = known_at[later], trades["correction_count"].to_numpy()[later] == 0
    came_late, corrected = (np.bincount(place[which], minlength=len(key)) for which in (is_new, ~is_new))
    first = np.full(len(key), HIGHEST - SECOND)
    np.minimum.at(first, place, known)
    waits = (came_late == bars["trade_count"]) & (corrected == 0)
    moved = np.where(waits, first + SECOND, available)
    np.maximum.at(moved, place, known)
    return moved


def bar_key(instrument_id: NDArray[np.int32], place: Ints) -> Ints:
    """Give instrument and place of a bar in time as one number that sorts like the pair, to the second until 2106."""
    return (instrument_id.astype(np.int64) << 32) + place


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
