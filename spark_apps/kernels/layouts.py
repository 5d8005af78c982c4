"""Lay out the records of fold_input and fold_output: fixed little-endian rows behind one header each.

Prices are int64 with four decimals, times nanoseconds UTC, session dates days since 1970. The layouts are those of
`cpp_udfs/include/kernels/records.hpp`; a test compares the two.
"""

from enum import IntEnum, IntFlag
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from spark_apps.tables.features import STANDING
from spark_apps.tables.indicators import CHOSEN

Bytes: TypeAlias = NDArray[np.uint8]
Ints: TypeAlias = NDArray[np.int64]
Rows: TypeAlias = NDArray[np.void]

VERSION = 1
SOURCES = {"sim": 1, "vn30f": 2}
NO_TARGET = -1
# Price times quantity, unscaled: 7,200 billion VND, a good part of what the whole market trades in a day.
AMOUNT_LIMIT = 1 << 56
# Market time beyond the year 2116 is no time; it leaves room for adding a width without overflow.
CLOCK_LIMIT = 1 << 62


class Kind(IntEnum):
    """Name what a record is: up to 15 input, from 16 on output."""

    TRADE = 1
    CLOCK = 2
    CORRECTION = 3
    SEED = 4
    PARAMETERS = 5
    QUOTE = 6
    BAR = 16
    LATE = 17
    REFUSED = 18
    DUPLICATE = 19
    INDICATOR = 20
    SIGNAL = 21
    PROGRESS = 22
    STANDING = 23
    QUOTED = 24
    LATE_QUOTE = 25
    REFUSED_QUOTE = 26
    DUPLICATE_QUOTE = 27
    CROSS_SIGNAL = 28
    BOOK = 29


class ClockFlag(IntFlag):
    """Say what a clock record does beside moving market time."""

    NONE = 0
    OPENS = 1
    ENDS = 2


HEADER = np.dtype([("kind", "u1"), ("version", "u1"), ("reserved", "<u2"), ("length", "<u4")])
ENTRY = np.dtype(
    [
        ("instrument_id", "<i4"),
        ("session_date", "<i4"),
        ("source", "<u2"),
        ("verdict", "<u2"),
        ("reserved", "<u4"),
        ("source_seq", "<i8"),
        ("corrects_seq", "<i8"),
        ("event_time", "<i8"),
        ("price", "<i8"),
        ("quantity", "<i8"),
    ]
)
# The best bid and offer, and what stands in all levels that the source shows; 0 for a side that nobody quotes.
SIDES = tuple((name, "<i8") for name in ("bid", "bid_quantity", "ask", "ask_quantity", "bid_depth", "ask_depth"))
QUOTE = np.dtype(
    [
        *((name, ENTRY[name]) for name in ("instrument_id", "session_date", "source", "verdict", "reserved")),
        ("source_seq", "<i8"),
        ("event_time", "<i8"),
        *SIDES,
    ]
)
CLOCK = np.dtype([("market_time", "<i8"), ("session_date", "<i4"), ("flags", "<u4")])
SEED = np.dtype([("instrument_id", "<i4"), ("session_date", "<i4")])
# The strategies in force for bars from `from` on. What stands before `threshold` says when, what follows is the book.
BOOK = np.dtype(
    [
        ("session_date", "<i4"),
        ("reads", "<u4"),
        ("from", "<i8"),
        ("threshold", "<i4"),
        ("horizon", "<i4"),
        ("needs_approval", "<u4"),
        ("strategies", "<u2"),
        ("comparisons", "<u2"),
    ]
)
STRATEGY = np.dtype([("number", "<u2"), ("side", "<i2"), ("weight", "<i4")])
COMPARISON = np.dtype(
    [
        ("strategy", "<u2"),
        ("role", "u1"),
        ("below", "u1"),
        ("left", "<i4"),
        ("right", "<i4"),
        ("factor", "<f8"),
        ("offset", "<f8"),
    ]
)
CAUSE = np.dtype([("generation", "<i4"), ("input_partition", "<i4"), ("input_offset", "<i8"), ("ordinal", "<i4")])
BAR_OUT = np.dtype(
    [
        *((name, CAUSE[name]) for name in CAUSE.names or ()),
        *((name, "<i4") for name in ("instrument_id", "session_date", "revision")),
        *((name, "<i8") for name in ("bar_start", "open", "high", "low", "close")),
        *((name, "<i8") for name in ("volume", "value", "trade_count", "available_at")),
    ]
)
TRADE_OUT = np.dtype(
    [
        *((name, CAUSE[name]) for name in CAUSE.names or ()),
        ("reason", "<u4"),
        *((name, ENTRY[name]) for name in ENTRY.names or ()),
        ("available_at", "<i8"),
    ]
)
QUOTE_OUT = np.dtype(
    [
        *((name, CAUSE[name]) for name in CAUSE.names or ()),
        ("reason", "<u4"),
        *((name, QUOTE[name]) for name in QUOTE.names or ()),
        ("available_at", "<i8"),
    ]
)
# What quotes say of a bar; -1 quotes where corrections emptied it, NaN for none.
FIGURES = np.dtype(
    [
        ("quoted_at", "<i8"),
        *SIDES,
        *((name, "<i8") for name in ("quote_count", "order_flow", "bought_volume", "sold_volume")),
        *((name, "<f8") for name in ("spread_bps", "effective_spread_bps", "depth_imbalance")),
    ]
)
QUOTED_OUT = np.dtype(
    [
        *((name, CAUSE[name]) for name in CAUSE.names or ()),
        *((name, "<i4") for name in ("instrument_id", "session_date", "revision")),
        ("bar_start", "<i8"),
        *((name, FIGURES[name]) for name in FIGURES.names or ()),
        ("available_at", "<i8"),
    ]
)
# The indicators of a bar in the order of CHOSEN, NaN for none, and the hashes of the state before and after it.
INDICATOR_OUT = np.dtype(
    [
        *((name, CAUSE[name]) for name in CAUSE.names or ()),
        *((name, "<i4") for name in ("instrument_id", "session_date", "revision")),
        *((name, "<i8") for name in ("bar_start", "opening_hash", "closing_hash", "available_at")),
        ("values", "<f8", (len(CHOSEN),)),
    ]
)
SIGNAL_OUT = np.dtype(
    [
        *((name, CAUSE[name]) for name in CAUSE.names or ()),
        *((name, "<i4") for name in ("instrument_id", "session_date", "revision")),
        ("bar_start", "<i8"),
        *((name, "<i4") for name in ("strategy", "stance", "score", "target_before", "target")),
        *((name, "<u4") for name in ("result", "needs_approval")),
        *((name, "<i8") for name in ("book_hash", "expires_at", "available_at")),
    ]
)
# How far a partition has come, behind all that it gave until then; flags as of a clock.
PROGRESS_OUT = np.dtype(
    [
        *((name, CAUSE[name]) for name in CAUSE.names or ()),
        ("session_date", "<i4"),
        ("flags", "<u4"),
        ("market_time", "<i8"),
    ]
)
STANDING_OUT = np.dtype(
    [
        *((name, CAUSE[name]) for name in CAUSE.names or ()),
        *((name, "<i4") for name in ("instrument_id", "session_date", "revision")),
        ("bar_start", "<i8"),
        *((column.name, "<i4" if column.type == "INT" else "<f8") for column in STANDING),
        ("available_at", "<i8"),
    ]
)
OUTPUTS = {
    Kind.BAR: BAR_OUT,
    Kind.LATE: TRADE_OUT,
    Kind.REFUSED: TRADE_OUT,
    Kind.DUPLICATE: TRADE_OUT,
    Kind.INDICATOR: INDICATOR_OUT,
    Kind.SIGNAL: SIGNAL_OUT,
    Kind.CROSS_SIGNAL: SIGNAL_OUT,
    Kind.PROGRESS: PROGRESS_OUT,
    Kind.STANDING: STANDING_OUT,
    Kind.QUOTED: QUOTED_OUT,
    Kind.LATE_QUOTE: QUOTE_OUT,
    Kind.REFUSED_QUOTE: QUOTE_OUT,
    Kind.DUPLICATE_QUOTE: QUOTE_OUT,
}
INPUTS = {
    Kind.TRADE: ENTRY,
    Kind.CORRECTION: ENTRY,
    Kind.CLOCK: CLOCK,
    Kind.SEED: SEED,
    Kind.PARAMETERS: BOOK,
    Kind.QUOTE: QUOTE,
}
# A book that the first fold hands on to the second stands behind its cause.
BODIES = INPUTS | OUTPUTS | {Kind.BOOK: CAUSE}
