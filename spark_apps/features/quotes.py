"""What quotes say of minute bars: the book at the end, its movement within, and on which side trades crossed it."""

from functools import partial

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import DataFrame

from spark_apps.kernels import Kernels
from spark_apps.kernels.arrow import map_pairs, sorted_rows, unscaled
from spark_apps.kernels.layouts import QUOTE, QUOTED_OUT, SIDES, SOURCES, Ints, Rows
from spark_apps.kernels.outputs import output_table
from spark_apps.market.bars import MINUTE, READS, SECOND, bar_key, bars_available_at
from spark_apps.tables.quotes import QUOTES_1M

_MADE = tuple(column for column in QUOTES_1M.columns if column.name != "run_id")
_OF_TRADES = ("session_date", *READS)
_OF_QUOTES = (
    "source",
    "instrument_id",
    "session_date",
    "source_seq",
    "event_time",
    *(name for name, _ in SIDES),
    "received_at",
)


def quote_minutes(trades: DataFrame, quotes: DataFrame, kernels: Kernels) -> DataFrame:
    """Say of each minute bar what the quotes of its session tell.

    Grain: one row per bar by the end of which a quote was known; cancelled trades count for nothing. Available when the
    bar is, or in the second after all quotes until its end had come. Meaning: kernels/reference_quotes.py.
    """
    return map_pairs(
        trades.select(*_OF_TRADES),
        quotes.select(*_OF_QUOTES),
        "session_date",
        partial(quote_session, kernels),
        ", ".join(f"{column.name} {column.type}" for column in _MADE),
    )


def quote_session(kernels: Kernels, trades: pa.Table, quotes: pa.Table) -> pa.Table:
    """Say it of the bars of one session; rows of `trades` and `quotes` come in any order."""
    trades = sorted_rows(trades, "instrument_id", "event_time")
    entries, came = _entries(quotes)
    made = kernels.quotes_of(
        trades["instrument_id"].to_numpy(),
        trades["event_time"].to_numpy(),
        unscaled(trades["price"]),
        trades["quantity"].to_numpy(),
        entries.view(np.uint8),
        MINUTE,
    ).view(QUOTED_OUT)
    if len(made):
        keys = bar_key(made["instrument_id"], made["bar_start"] // MINUTE)
        made["available_at"] = np.maximum(_bars_known(kernels, trades, keys), _quotes_known(entries, came, keys))
    return output_table(made).select([column.name for column in _MADE])


def _bars_known(kernels: Kernels, trades: pa.Table, keys: Ints) -> Ints:
    """Give when each of the named bars is available as gold.bars_1m has it."""
    bars = kernels.fold_bars(
        trades["instrument_id"].to_numpy(),
        trades["event_time"].to_numpy(),
        trades["source_seq"].to_numpy(),
        unscaled(trades["price"]),
        trades["quantity"].to_numpy(),
        MINUTE,
    )
    all_keys = bar_key(bars["instrument_id"].astype(np.int32), bars["bar_start"].astype(np.int64) // MINUTE)
    return bars_available_at(trades, bars, MINUTE)[np.searchsorted(all_keys, keys)]


def _quotes_known(entries: Rows, came: Ints, keys: Ints) -> Ints:
    """Give the second after all quotes until the end of each of the named bars had come."""
    quoted = bar_key(entries["instrument_id"], entries["event_time"] // MINUTE)
    return came[np.searchsorted(quoted, keys, side="right") - 1] + SECOND


def _entries(quotes: pa.Table) -> tuple[Rows, Ints]:
    """Give QUOTE rows in the order of the fold, and the second by which each and all before it had come."""
    rows = np.zeros(len(quotes), QUOTE)
    for name in ("instrument_id", "source_seq", "event_time", "bid_quantity", "ask_quantity", "bid_depth", "ask_depth"):
        rows[name] = quotes[name].to_numpy()
    rows["session_date"] = quotes["session_date"].cast(pa.int32()).to_numpy()
    rows["source"] = [SOURCES.get(source, 0) for source in quotes["source"].to_pylist()]
    for name in ("bid", "ask"):
        rows[name] = unscaled(pc.fill_null(quotes[name], 0))
    order = np.lexsort([rows[name] for name in ("source_seq", "source", "event_time", "instrument_id")])
    rows, came = rows[order], quotes["received_at"].to_numpy()[order] // SECOND * SECOND
    begins = np.flatnonzero(np.diff(rows["instrument_id"], prepend=0))
    for first, last in zip(begins, np.append(begins, len(rows))[1:], strict=True):
        np.maximum.accumulate(came[first:last], out=came[first:last])
    return rows, came
