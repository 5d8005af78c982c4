"""The chosen indicators over bars, by one fold whose state is carried from session to session."""

from functools import partial

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from spark_apps.kernels import Kernels, reference
from spark_apps.kernels.arrow import map_batches
from spark_apps.kernels.records import Ints
from spark_apps.market.indices import drop_indices
from spark_apps.tables.indicators import CHOSEN, INDICATORS

FOLDED = (
    "instrument_id INT, session_date DATE, clock BIGINT, "
    + ", ".join(f"{column.name} DOUBLE" for column in INDICATORS)
    + ", opening_hash BIGINT, closing_hash BIGINT, available_at BIGINT, state BINARY"
)


def fold_daily(prices: DataFrame, opening: DataFrame, kernels: Kernels) -> DataFrame:
    """Fold daily prices on the adjusted scale: open, high and low move with the close.

    Grain: one row per instrument, indices left out, per session with an adjusted close above zero; `state` is
    kept on the last row of each instrument's year and of the run. An open, high or low that is empty or not above
    zero was never traded: the close stands for it.
    """
    close = F.col("adjusted_close").cast("DOUBLE")
    scale = close / F.col("close").cast("DOUBLE")
    bars = (
        drop_indices(prices)
        .where(F.col("adjusted_close") > 0)
        .select(
            "instrument_id",
            "session_date",
            F.unix_date("session_date").cast("BIGINT").alias("clock"),
            *[
                F.when(F.col(name) > 0, F.col(name).cast("DOUBLE") * scale).otherwise(close).alias(name)
                for name in ("open", "high", "low")
            ],
            close.alias("close"),
            "volume",
            "available_at",
        )
    )
    return _fold(bars, opening, kernels).drop("clock")


def fold_minutes(bars: DataFrame, opening: DataFrame, kernels: Kernels) -> DataFrame:
    """Fold minute bars. Grain: one row per instrument per minute bar; `state` as in fold_daily."""
    minutes = bars.select(
        "instrument_id",
        "session_date",
        F.col("bar_start").alias("clock"),
        *[F.col(name).cast("DOUBLE").alias(name) for name in ("open", "high", "low", "close")],
        "volume",
        "available_at",
    )
    return _fold(minutes, opening, kernels).withColumnRenamed("clock", "bar_start")


def _fold(bars: DataFrame, opening: DataFrame, kernels: Kernels) -> DataFrame:
    """Send each instrument's opening state and later bars to one task, in time order."""
    opened = opening.select("instrument_id", F.col("session_date").alias("opened_on"))
    after = bars.join(opened, on="instrument_id", how="left").where(
        F.col("opened_on").isNull() | (F.col("session_date") > F.col("opened_on"))
    )
    records = after.drop("opened_on").unionByName(
        opening.select("instrument_id", "session_date", F.lit(-1).cast("BIGINT").alias("clock"), "state"),
        allowMissingColumns=True,
    )
    return map_batches(records.repartition("instrument_id"), partial(fold_task, kernels), FOLDED)


def fold_task(kernels: Kernels, records: pa.Table) -> pa.Table:
    """Fold the records of one task: rows with a state open their instrument, the others are bars.

    Years are folded one after another, so that each instrument's state can be kept at the end of each.
    """
    fold = kernels.IndicatorFold(CHOSEN)
    is_state = pc.is_valid(records["state"])
    for row in records.filter(is_state).select(["instrument_id", "state"]).to_pylist():
        fold.restore(row["instrument_id"], row["state"])
    bars = records.filter(pc.invert(is_state)).sort_by([("clock", "ascending"), ("instrument_id", "ascending")])
    years = pc.year(bars["session_date"])
    parts = [_fold_year(fold, bars.filter(pc.equal(years, year))) for year in sorted(pc.unique(years).to_pylist())]
    return pa.concat_tables(parts or [_fold_year(fold, bars)])


def _fold_year(fold: reference.IndicatorFold, bars: pa.Table) -> pa.Table:
    instruments = bars["instrument_id"].to_numpy()
    opened, high, low, close, volume = (bars[name].to_numpy() for name in ("open", "high", "low", "close", "volume"))
    values, opening, closing = fold.apply(instruments, opened, high, low, close, volume)
    ids, last_from_end = np.unique(instruments[::-1], return_index=True)
    states: list[bytes | None] = [None] * len(instruments)
    for instrument, place in zip(ids, len(instruments) - 1 - last_from_end, strict=True):
        states[place] = fold.state(int(instrument))
    return _shape(bars, values, opening, closing, states)


def _shape(
    bars: pa.Table, values: NDArray[np.float64], opening: Ints, closing: Ints, states: list[bytes | None]
) -> pa.Table:
    columns = {name: bars[name] for name in ("instrument_id", "session_date", "clock")}
    for place, column in enumerate(INDICATORS):
        columns[column.name] = pa.array(values[:, place], mask=np.isnan(values[:, place]))
    columns["opening_hash"] = pa.array(opening)
    columns["closing_hash"] = pa.array(closing)
    columns["available_at"] = bars["available_at"]
    columns["state"] = pa.array(states, pa.binary())
    return pa.table(columns)
