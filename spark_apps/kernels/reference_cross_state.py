"""Hold what the second fold remembers, and write and read it as sections.

Section PLACES holds the session, and of each partition its last record and the moments it has reached and been taken
to; SETTLED the minutes that nothing can revise; TAIL the bars after these and what was told of them; PENDING the bars
of each partition that wait for another.
"""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from spark_apps.kernels.layouts import CLOCK_LIMIT, Kind, Rows
from spark_apps.kernels.reference_bar_session import NO_SESSION
from spark_apps.kernels.reference_cross_section import CrossSection, Standing
from spark_apps.kernels.reference_trades import NEVER
from spark_apps.kernels.sections import CROSS_FOLD, Cursor, mismatch, seal, unseal

LAYOUT = 1
SECTIONS = PLACES, SETTLED, TAIL, PENDING = range(4)

MOMENT = np.dtype([("session", "<i4"), ("ended", "<u4"), ("time", "<i8")])
GIVEN = np.dtype(
    [*((name, "<i4") for name in ("id", "session")), *((name, "<i8") for name in ("start", "close", "value", "count"))]
)
SEGMENT = np.dtype([("moment", MOMENT), ("offset", "<i8"), ("opens", "<u4"), ("bars", "<u4")])
PLACE = np.dtype([("offset", "<i8"), ("ordinal", "<i4"), ("spare", "<i4"), ("reached", MOMENT), ("taken", MOMENT)])
HEAD = np.dtype([("session", "<i4"), ("is_followed", "<u4"), ("settled_until", "<i8")])
TOLD = np.dtype([("peers", "<i8"), *((name, "<f8") for name in Standing._fields[1:])])
TAIL_BAR = np.dtype(
    [
        ("start", "<i8"),
        *((name, "<i4") for name in ("id", "revision")),
        *((name, "<i8") for name in ("close", "value", "count")),
        ("told", TOLD),
    ]
)
COUNTS = np.dtype([("open", "<u4"), ("segments", "<u4")])


class Moment(NamedTuple):
    """Name a moment of the market; they sort as they follow."""

    session: int = NO_SESSION
    ended: int = 0
    time: int = NEVER


class GivenBar(NamedTuple):
    """Hold what a bar that the first fold gave says here."""

    id: int
    session: int
    start: int
    close: int
    value: int
    trade_count: int


class Segment(NamedTuple):
    """Hold the bars of a partition up to a moment, and the clock record that named it."""

    moment: Moment
    offset: int
    opens: bool
    bars: list[GivenBar]


@dataclass
class Lane:
    """Hold where a partition stands; `open` bars are not yet ended by a progress record."""

    offset: int = -1
    ordinal: int = -1
    reached: Moment = Moment()  # noqa: RUF009 - a tuple
    taken: Moment = Moment()  # noqa: RUF009 - a tuple
    open: list[GivenBar] = field(default_factory=list)
    pending: deque[Segment] = field(default_factory=deque)


@dataclass
class TailBar:
    """Hold a bar that may still be revised, and what was told of it last; revision -1 for nothing."""

    revision: int = -1
    close: int = 0
    value: int = 0
    trade_count: int = 0
    told: Standing = Standing(0, 0.0, 0.0, 0.0, 0.0, 0.0)  # noqa: RUF009 - a tuple


@dataclass
class State:
    """Hold all of it; the tail by (start, instrument)."""

    lanes: list[Lane]
    settled: CrossSection
    session: int = NO_SESSION
    is_followed: bool = False
    settled_until: int = NEVER
    tail: dict[tuple[int, int], TailBar] = field(default_factory=dict)


def is_given(kind: Kind, row: Rows) -> bool:
    """Say whether a record is one that the fold takes in, a bar or progress, as a first fold may have given it."""
    if kind == Kind.PROGRESS:
        return abs(int(row["market_time"])) <= CLOCK_LIMIT
    if kind != Kind.BAR:
        return False
    start, close, value, count = row[["bar_start", "close", "value", "trade_count"]].item()
    return abs(start) <= CLOCK_LIMIT and value >= 0 and (count <= 0 or close >= 1)


def write_section(key: int, state: State, parameters: int) -> bytes:
    """Write one section; `parameters` is the hash of the fold's parameters."""
    write = {PLACES: _places, SETTLED: lambda each: each.settled.write(), TAIL: _tail, PENDING: _pending}[key]
    return seal(CROSS_FOLD, LAYOUT, parameters, write(state))


def _places(state: State) -> bytes:
    head = np.array((state.session, state.is_followed, state.settled_until), HEAD)
    lanes = [(lane.offset, lane.ordinal, 0, lane.reached, lane.taken) for lane in state.lanes]
    return head.tobytes() + np.array(lanes, PLACE).tobytes()


def _tail(state: State) -> bytes:
    rows = [
        (start, key, bar.revision, bar.close, bar.value, bar.trade_count, bar.told)
        for (start, key), bar in sorted(state.tail.items())
    ]
    return np.array(rows, TAIL_BAR).tobytes()


def _pending(state: State) -> bytes:
    parts = []
    for lane in state.lanes:
        parts += [np.array((len(lane.open), len(lane.pending)), COUNTS), np.array(lane.open, GIVEN)]
        for moment, offset, opens, bars in lane.pending:
            parts += [np.array((moment, offset, opens, len(bars)), SEGMENT), np.array(bars, GIVEN)]
    return b"".join(part.tobytes() for part in parts)


def read_state(sections: Mapping[int, bytes], empty: State, parameters: int) -> State:
    """Read sections back into an empty state; raise StateMismatch naming the one that does not fit, or is missing."""
    for key in SECTIONS if sections else ():
        if key not in sections:
            raise mismatch(str(key), "it is missing")
    for key, section in sorted(sections.items()):
        cursor = Cursor(key, unseal(str(key), bytes(section), CROSS_FOLD, LAYOUT, parameters))
        if key == PLACES:
            _read_places(cursor, empty)
        elif key == SETTLED:
            _read_settled(cursor, empty)
        elif key == TAIL:
            _read_tail(cursor, empty)
        elif key == PENDING:
            _read_pending(cursor, empty)
        else:
            raise mismatch(str(key), "its number is none of the layout")
    return empty


def _read_places(cursor: Cursor, state: State) -> None:
    ((state.session, followed, state.settled_until),) = cursor.take(HEAD, 1).tolist()
    state.is_followed = bool(followed)
    for lane in state.lanes:
        ((lane.offset, lane.ordinal, _, reached, taken),) = cursor.take(PLACE, 1).tolist()
        lane.reached, lane.taken = Moment(*reached), Moment(*taken)
    cursor.end()


def _read_settled(cursor: Cursor, state: State) -> None:
    try:
        state.settled = CrossSection.read(state.settled.move, state.settled.window, cursor.body)
    except ValueError as error:
        raise mismatch(str(cursor.key), f"its bytes are not those of the layout: {error}") from error


def _read_tail(cursor: Cursor, state: State) -> None:
    rows = cursor.take(TAIL_BAR, len(cursor.body) // TAIL_BAR.itemsize).tolist()
    for start, key, revision, close, value, count, told in rows:
        state.tail[start, key] = TailBar(revision, close, value, count, Standing(*told))
    cursor.end()


def _read_pending(cursor: Cursor, state: State) -> None:
    for lane in state.lanes:
        ((count, segments),) = cursor.take(COUNTS, 1).tolist()
        lane.open = [GivenBar(*bar) for bar in cursor.take(GIVEN, count).tolist()]
        for _ in range(segments):
            ((moment, offset, opens, bars),) = cursor.take(SEGMENT, 1).tolist()
            held = [GivenBar(*bar) for bar in cursor.take(GIVEN, bars).tolist()]
            lane.pending.append(Segment(Moment(*moment), offset, bool(opens), held))
    cursor.end()
