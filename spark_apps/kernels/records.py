"""Write and read the records of fold_input and fold_output.

A Kafka record is HEADER, then its body: n ENTRY (trades, corrections), n QUOTE, one CLOCK, one SEED and a state
section, one BOOK with its strategies and comparisons, one row of OUTPUTS, a CAUSE and such a book; see layouts.py. Many
records side by side are a pair (data, bounds): all their bytes, and n + 1 places where they begin and end.
"""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from spark_apps.errors import SchemaMismatch
from spark_apps.kernels.layouts import (
    BODIES,
    CLOCK,
    HEADER,
    SEED,
    VERSION,
    Bytes,
    ClockFlag,
    Ints,
    Kind,
    Rows,
)

_NUMBERS = frozenset(Kind)
_MANY = (Kind.TRADE, Kind.CORRECTION, Kind.QUOTE)  # as many rows as there are
_OPEN_ENDED = (Kind.SEED, Kind.PARAMETERS, Kind.BOOK)  # what goes on behind the one row of its layout


def encode(kind: Kind, body: Rows) -> bytes:
    """Write one record: the header of its kind, then the rows of `body`, whose dtype must be that of the kind."""
    if body.dtype != BODIES[kind]:
        raise SchemaMismatch(f"{kind.name} record: body has {body.dtype}, the layout is {BODIES[kind]}")
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


def encode_book(cause: Rows, book: bytes) -> bytes:
    """Write one BOOK record of fold_output: a book, behind the CAUSE that brought it."""
    return _open_ended(Kind.BOOK, cause.tobytes() + book)


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
    layout = BODIES[Kind(number)]
    if number in _OPEN_ENDED and body >= layout.itemsize:
        return Kind(number), np.frombuffer(record, layout, 1, HEADER.itemsize)
    if body % layout.itemsize != 0 or (number not in _MANY and body != layout.itemsize):
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
