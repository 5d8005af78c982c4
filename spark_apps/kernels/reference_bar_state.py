"""Hold what the bar fold remembers, and write and read it as sections.

Section 0 holds the clock. A section of an instrument holds its session, the settled part of the one bar that is partly
settled, the emitted bars that are not final, the tail by (event_time, source, source_seq), and per source the intervals
of source_seq seen in the session. An instrument of an earlier session than the clock's is empty.
"""

from bisect import bisect_right
from dataclasses import astuple, dataclass, field
from typing import Any, NamedTuple

import numpy as np

from spark_apps.errors import BadSetting
from spark_apps.kernels.records import Rows
from spark_apps.kernels.sections import BAR_FOLD, mismatch, parameter_hash, seal, unseal

LAYOUT = 1
HIGHEST = (1 << 63) - 1
# Thirty-six years in nanoseconds: any sum with market time stays within int64.
PARAMETER_LIMIT = 1 << 60
NEVER = -(1 << 63)
NO_SESSION = -(1 << 31)

CLOCK_STATE = np.dtype([("market_time", "<i8"), ("session", "<i4"), ("ended", "<u4")])
COUNTS = np.dtype(
    [("session", "<i4"), ("settled", "<u4"), ("emitted", "<u4"), ("tail", "<u4"), ("sources", "<u4"), ("spare", "<u4")]
)
SETTLED = np.dtype(
    [(name, "<i8") for name in ("start", "open", "high", "low", "close", "volume", "value", "trade_count")]
)
EMITTED = np.dtype(
    [("start", "<i8"), ("revision", "<i8"), *((name, "<i8") for name in ("open", "high", "low", "close"))]
)
TAIL = np.dtype([(name, "<i8") for name in ("event_time", "source", "source_seq", "price", "quantity", "corrected_by")])
SEEN = np.dtype([("source", "<u4"), ("intervals", "<u4")])
INTERVAL = np.dtype([("first", "<i8"), ("last", "<i8")])


@dataclass
class Clock:
    """Remember market time and the session; `ended` once nothing more of it may count."""

    market_time: int = 0
    session: int = NO_SESSION
    ended: bool = False


@dataclass
class Bar:
    """Gather trades in order; sums of non-negative numbers stay at the highest int64."""

    start: int
    open: int = 0
    high: int = 0
    low: int = 0
    close: int = 0
    volume: int = 0
    value: int = 0
    trade_count: int = 0

    def add(self, price: int, quantity: int) -> None:
        """Take one trade, the latest in order."""
        if self.trade_count == 0:
            self.open = self.high = self.low = price
        self.high, self.low, self.close = max(self.high, price), min(self.low, price), price
        self.volume = min(self.volume + quantity, HIGHEST)
        self.value = min(self.value + price * quantity, HIGHEST)
        self.trade_count += 1

    def fields(self) -> tuple[int, ...]:
        """Give the values in the order of declaration."""
        return astuple(self)


class Emitted(NamedTuple):
    """Remember the last revision of an emitted bar and its last known prices."""

    revision: int
    prices: tuple[int, int, int, int]


@dataclass
class Trade:
    """Remember an accepted trade; quantity 0 once it is cancelled."""

    event_time: int
    source: int
    source_seq: int
    price: int
    quantity: int
    corrected_by: int = NEVER

    def place(self) -> tuple[int, int, int]:
        """Give the place of the trade in its bar."""
        return self.event_time, self.source, self.source_seq

    def counted(self) -> tuple[int, int]:
        """Give price and quantity as they count in a bar: nothing for a cancelled trade."""
        return (self.price, self.quantity) if self.quantity else (0, 0)


@dataclass
class Instrument:
    """Remember one instrument's session."""

    settled: Bar | None = None
    emitted: dict[int, Emitted] = field(default_factory=dict)
    tail: list[Trade] = field(default_factory=list)
    seen: dict[int, list[tuple[int, int]]] = field(default_factory=dict)

    def has_seen(self, source: int, seq: int) -> bool:
        """Say whether the number came before."""
        return any(first <= seq <= last for first, last in self.seen.get(source, ()))

    def see(self, source: int, seq: int) -> bool:
        """Mark a number as seen; False if it was. Intervals stay sorted and apart."""
        if self.has_seen(source, seq):
            return False
        spans = self.seen.setdefault(source, [])
        place = bisect_right(spans, (seq, seq))
        first, last, start, stop = seq, seq, place, place
        if place > 0 and spans[place - 1][1] == seq - 1:
            first, start = spans[place - 1][0], place - 1
        if place < len(spans) and spans[place][0] == seq + 1:
            last, stop = spans[place][1], place + 1
        spans[start:stop] = [(first, last)]
        return True


def check_parameters(width: int, lateness: int, ahead: int, tail_limit: int) -> None:
    """Refuse parameters outside [1, 2^60]; lateness and ahead may be 0."""
    lowest = (("width", width, 1), ("lateness", lateness, 0), ("ahead", ahead, 0), ("tail_limit", tail_limit, 1))
    for name, value, low in lowest:
        if not low <= value <= PARAMETER_LIMIT:
            raise BadSetting(f"bar fold: {name} is {value}; it must be between {low} and 2^60. Mend [live] in conf")


def write(parameters: tuple[int, ...], clock: Clock, instrument: Instrument | None) -> bytes:
    """Write the section of an instrument, or, without one, that of the clock."""
    body = _clock_bytes(clock) if instrument is None else _instrument_bytes(clock.session, instrument)
    return seal(BAR_FOLD, LAYOUT, parameter_hash(parameters), body)


def _clock_bytes(clock: Clock) -> bytes:
    return np.array((clock.market_time, clock.session, clock.ended), CLOCK_STATE).tobytes()


def _instrument_bytes(session: int, instrument: Instrument) -> bytes:
    lengths = (len(instrument.emitted), len(instrument.tail), len(instrument.seen))
    parts = [np.array((session, instrument.settled is not None, *lengths, 0), COUNTS)]
    parts.append(np.array([instrument.settled.fields()] if instrument.settled else [], SETTLED))
    parts.append(np.array([(s, e.revision, *e.prices) for s, e in sorted(instrument.emitted.items())], EMITTED))
    parts.append(np.array([astuple(trade) for trade in instrument.tail], TAIL))
    for source, spans in sorted(instrument.seen.items()):
        parts += [np.array((source, len(spans)), SEEN), np.array(spans, INTERVAL)]
    return b"".join(part.tobytes() for part in parts)


def read(sections: dict[int, bytes], parameters: tuple[int, ...]) -> tuple[Clock, dict[int, Instrument]]:
    """Read sections back; raise StateMismatch naming the section that does not fit."""
    if not sections:
        return Clock(), {}
    if 0 not in sections:
        raise mismatch("0", "it is missing, so market time is unknown")
    bodies = {
        key: unseal(str(key), bytes(section), BAR_FOLD, LAYOUT, parameter_hash(parameters))
        for key, section in sections.items()
    }
    ((market_time, session, ended),) = _Cursor(0, bodies.pop(0)).rest(CLOCK_STATE)
    clock, instruments = Clock(market_time, session, bool(ended)), {}
    for key, body in bodies.items():
        cursor = _Cursor(key, body)
        its_session, *counts, _ = cursor.take(COUNTS, 1)[0].item()
        if its_session > session:
            raise mismatch(str(key), f"session {its_session} is after the clock's {session}")
        if its_session == session:
            instruments[key] = _instrument(cursor, *counts)
    return clock, instruments


def _instrument(cursor: "_Cursor", settled_count: int, emitted_count: int, tail_count: int, sources: int) -> Instrument:
    settled = [Bar(*row) for row in cursor.take(SETTLED, settled_count).tolist()]
    emitted = cursor.take(EMITTED, emitted_count).tolist()
    tail = [Trade(*row) for row in cursor.take(TAIL, tail_count).tolist()]
    seen: dict[int, list[tuple[int, int]]] = {}
    for _ in range(sources):
        ((source, spans),) = cursor.take(SEEN, 1).tolist()
        seen[source] = cursor.take(INTERVAL, spans).tolist()
    cursor.end()
    if settled_count > 1:
        raise mismatch(str(cursor.key), f"{settled_count} settled bars, there is at most one")
    states = {start: Emitted(revision, tuple(prices)) for start, revision, *prices in emitted}
    return Instrument(settled[0] if settled else None, states, tail, seen)


@dataclass
class _Cursor:
    key: int
    body: bytes
    place: int = 0

    def take(self, layout: np.dtype[Any], count: int) -> Rows:
        """Read `count` rows of a layout and move on."""
        end = self.place + layout.itemsize * count
        if end > len(self.body):
            raise mismatch(str(self.key), f"its {len(self.body)} bytes end within what its counts announce")
        rows = np.frombuffer(self.body[self.place : end], layout)
        self.place = end
        return rows

    def rest(self, layout: np.dtype[Any]) -> Any:
        """Read one row that must be the whole body."""
        rows = self.take(layout, 1).tolist()
        self.end()
        return rows

    def end(self) -> None:
        """Refuse bytes beyond what the counts announce."""
        if self.place != len(self.body):
            raise mismatch(str(self.key), f"{len(self.body) - self.place} bytes too many")
