"""Write and read the records of fold_input and fold_output: fixed little-endian layouts, one header each.

A Kafka record is HEADER, then its body: n ENTRY (trades, corrections), one CLOCK, one SEED and a state section, one
BOOK with its strategies and comparisons, one row of OUTPUTS.
Prices are int64 with four decimals, times nanoseconds UTC, session dates days since 1970. The layouts are those of
`cpp_udfs/include/kernels/records.hpp`; a test compares the two. Many records side by side are a pair (data, bounds):
all their bytes, and n + 1 places where they begin and end.
"""

from collections.abc import Sequence
from enum import IntEnum, IntFlag
from itertools import pairwise
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from spark_apps.errors import SchemaMismatch
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
    BAR = 16
    LATE = 17
    REFUSED = 18
    DUPLICATE = 19
    INDICATOR = 20
    SIGNAL = 21
    PROGRESS = 22
    STANDING = 23


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
CLOCK = np.dtype([("market_time", "<i8"), ("session_date", "<i4"), ("flags", "<u4")])
SEED = np.dtype([("instrument_id", "<i4"), ("session_date", "<i4")])
# The strategies in force for bars from `from` on. What stands before `threshold` says when, what follows is the book.
BOOK = np.dtype(
    [
        ("session_date", "<i4"),
        ("reserved", "<u4"),
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
    Kind.PROGRESS: PROGRESS_OUT,
    Kind.STANDING: STANDING_OUT,
}
_NUMBERS = frozenset(Kind)
_INPUTS = {Kind.TRADE: ENTRY, Kind.CORRECTION: ENTRY, Kind.CLOCK: CLOCK, Kind.SEED: SEED, Kind.PARAMETERS: BOOK}
_BODIES = _INPUTS | OUTPUTS
_OPEN_ENDED = (Kind.SEED, Kind.PARAMETERS)  # what goes on behind the one row of its layout


def encode(kind: Kind, body: Rows) -> bytes:
    """Write one record: the header of its kind, then the rows of `body`, whose dtype must be that of the kind."""
    if body.dtype != _BODIES[kind]:
        raise SchemaMismatch(f"{kind.name} record: body has {body.dtype}, the layout is {_BODIES[kind]}")
    header = np.array((kind, VERSION, 0, body.nbytes), HEADER)
    return header.tobytes() + body.tobytes()


def encode_trades(entries: Rows) -> bytes:
    """Write one TRADE record of n entries."""
    return encode(Kind.TRADE, entries)


def encode_clock(market_time: int, session_date: int, flags: ClockFlag = ClockFlag.NONE) -> bytes:
    """Write one CLOCK record; `market_time` in nanoseconds UTC, `session_date` in days since 1970."""
    return encode(Kind.CLOCK, np.array([(market_time, session_date, flags)], CLOCK))


def encode_seed(instrument_id: int, session_date: int, state: bytes) -> bytes:
    """Write one SEED record: the indicators of an instrument open a session with this state section."""
    return _open_ended(Kind.SEED, np.array((instrument_id, session_date), SEED).tobytes() + state)


def encode_parameters(session_date: int, book: bytes) -> bytes:
    """Write one PARAMETERS record: a book (BOOK, STRATEGY rows, COMPARISON rows) for a session."""
    return _open_ended(Kind.PARAMETERS, np.int32(session_date).tobytes() + book[4:])


def _open_ended(kind: Kind, body: bytes) -> bytes:
    return np.array((kind, VERSION, 0, len(body)), HEADER).tobytes() + body


def decode(record: bytes) -> tuple[Kind, Rows]:
    """Read one record as its kind and the rows of its body; raise SchemaMismatch where the layout does not hold.

    What follows the one row of a seed or of parameters is left to the fold.
    """
    if len(record) < HEADER.itemsize:
        raise SchemaMismatch(f"record of {len(record)} bytes: shorter than its header of {HEADER.itemsize}")
    header = np.frombuffer(record, HEADER, count=1)[0]
    number, version, reserved, length = (int(value) for value in header.item())
    body = len(record) - HEADER.itemsize
    if number not in _NUMBERS or version != VERSION or reserved != 0 or length != body:
        raise SchemaMismatch(f"record of {len(record)} bytes: header {header} is not one of layout version {VERSION}")
    layout = _BODIES[Kind(number)]
    if number in _OPEN_ENDED and body >= layout.itemsize:
        return Kind(number), np.frombuffer(record, layout, 1, HEADER.itemsize)
    if body % layout.itemsize != 0 or (layout is not ENTRY and body != layout.itemsize):
        raise SchemaMismatch(f"{Kind(number).name} record: a body of {body} bytes does not hold {layout.itemsize} each")
    return Kind(number), np.frombuffer(record, layout, offset=HEADER.itemsize)


def join(records: Sequence[bytes]) -> tuple[Bytes, Ints]:
    """Lay records side by side as (data, bounds)."""
    bounds = np.zeros(len(records) + 1, np.int64)
    np.cumsum([len(record) for record in records], out=bounds[1:])
    return np.frombuffer(b"".join(records), np.uint8), bounds


def cut(data: Bytes, bounds: Ints) -> list[bytes]:
    """Cut (data, bounds) into records."""
    whole = data.tobytes()
    return [whole[start:end] for start, end in pairwise(bounds.tolist())]


def check_places(offsets: Ints, data: Bytes, bounds: Ints) -> None:
    """Refuse records whose places and offsets do not fit together."""
    if len(bounds) != len(offsets) + 1 or bounds[0] < 0 or bounds[-1] > len(data) or bool(np.any(np.diff(bounds) < 0)):
        raise SchemaMismatch(f"fold_input: bounds of {len(offsets)} records do not cut {len(data)} bytes of data")
    if bool(np.any(np.diff(offsets) <= 0)):
        raise SchemaMismatch("fold_input: offsets do not rise. Sort the records of a partition by offset before apply")
