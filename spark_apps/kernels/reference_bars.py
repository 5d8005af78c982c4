"""Fold trades to bars and their indicators slowly: the twin of `cpp_udfs/include/kernels/bars.hpp`, to the byte.

What the contract of the fold leaves open is decided here:

- A clock is unreadable outside [0, 2^62], an entry with verdict 0 and an instrument below 1 breaks record_is_readable.
- price * quantity above 2^56 breaks amount_is_in_range (checked after quantity); sums stay at the highest int64.
- A clock that opens moves market time first: bars of the old session that it finishes are available at its time.
- An opening at or below the current session is a plain clock; clocks of another session change nothing.
- Lateness of a correction is judged by its own event_time. A correction needs no room in the tail. One whose target
  was seen but is not in the tail (settled, refused for room, or itself a correction) is late.
- A correction older than the last one applied, or one that changes nothing, is accepted without a row.
- A bar whose end has passed but that was never emitted, because its first trade came late, waits for the next clock.
- The parameter hash covers width, lateness, ahead, tail_limit and the indicators, not generation and partition.
- Indicators go on from session to session; a seed replaces them. It comes in the session that it names, before any
  trade of its instrument; another is refused. A bar's are told anew where the history they stand on changed.
- After a session is replaced its sections are not rewritten: restore passes over sections of an earlier session.
"""

from bisect import insort
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

import numpy as np

from spark_apps.errors import SchemaMismatch, StateMismatch
from spark_apps.kernels import reference_bar_state as state
from spark_apps.kernels.records import (
    BAR_OUT,
    CLOCK_LIMIT,
    ENTRY,
    HEADER,
    INDICATOR_OUT,
    SEED,
    TRADE_OUT,
    Bytes,
    ClockFlag,
    Ints,
    Kind,
    Reason,
    Rows,
    check_places,
    cut,
    decode,
    encode,
    join,
)
from spark_apps.kernels.reference_bar_session import HIGHEST, NO_SESSION, Clock, Emitted, Instrument, Trade, broken_rule
from spark_apps.kernels.reference_indicator_state import IndicatorStage
from spark_apps.kernels.reference_reckoning import opening, reckon, settle
from spark_apps.kernels.sections import as_signed

_KINDS: dict[int, Kind] = {Reason.ARRIVES_WITHIN_BOUND: Kind.LATE, Reason.IS_FIRST_SEEN: Kind.DUPLICATE}


@dataclass
class BarFold:
    """Fold records of one partition of fold_input to bars, late, refused and duplicate rows.

    `width`, `lateness` and `ahead` in nanoseconds, `tail_limit` in records per instrument. No clock, no I/O, no
    randomness: output depends on the records alone, however they are cut into calls.
    """

    width: int
    lateness: int
    ahead: int
    tail_limit: int
    generation: int
    partition: int
    indicators: Sequence[str] = ()
    _clock: Clock = field(default_factory=Clock)
    _instruments: dict[int, Instrument] = field(default_factory=dict)
    _touched: set[int] = field(default_factory=set)  # by section: 0, an instrument's bars, or its indicators as -id
    _rows: list[bytes] = field(default_factory=list)
    _cause: tuple[int, int, int] = (0, 0, 0)
    _ordinal: int = 0

    def __post_init__(self) -> None:
        """Refuse parameters that no fold can work with."""
        state.check_parameters(self.width, self.lateness, self.ahead, self.tail_limit)
        self._stage = IndicatorStage(self.indicators)

    def apply(self, offsets: Ints, data: Bytes, bounds: Ints) -> tuple[Bytes, Ints]:
        """Fold records in rising order of offset; give the records they cause, in order."""
        check_places(offsets, data, bounds)
        self._rows = []
        for offset, record in zip(offsets.tolist(), cut(data, bounds), strict=True):
            self._cause, self._ordinal = (self.generation, self.partition, offset), 0
            self._record(record)
        return join(self._rows)

    def touched(self) -> list[tuple[int, bytes]]:
        """Give the sections that changed since the last call, by rising id; see reference_bar_state.py."""
        ids, self._touched = sorted(self._touched), set()
        return [(key, self._section(key)) for key in ids]

    def restore(self, sections: Iterable[tuple[int, bytes]]) -> None:
        """Replace the state by stored sections; StateMismatch, and the state as it was, if they do not fit."""
        self._clock, self._instruments = state.read(dict(sections), self._parameters, self._stage)
        self._touched = set()

    @property
    def _parameters(self) -> tuple[int, ...]:
        return self.width, self.lateness, self.ahead, self.tail_limit, as_signed(self._stage.parameters)

    def _section(self, key: int) -> bytes:
        if key == 0:
            return state.write_clock(self._parameters, self._clock)
        instrument = self._instruments[abs(key)]
        if key > 0:
            return state.write_bars(self._parameters, self._clock.session, instrument)
        return self._stage.write(opening(self._stage, instrument))

    def _record(self, record: bytes) -> None:
        try:
            kind, rows = decode(record)
        except SchemaMismatch:
            kind, rows = Kind.REFUSED, np.zeros(0, ENTRY)
        if kind == Kind.CLOCK and 0 <= rows["market_time"][0] <= CLOCK_LIMIT:
            market_time, session, flags = rows[0].item()
            self._tick(market_time, session, ClockFlag(flags & 3))
        elif kind in (Kind.TRADE, Kind.CORRECTION):
            for row in rows:
                self._entry(row, is_correction=kind == Kind.CORRECTION)
        elif kind == Kind.SEED:
            key, session = rows[0].item()
            self._open_with(key, session, record[HEADER.itemsize + SEED.itemsize :])
        else:
            self._give_trade(Kind.REFUSED, Reason.RECORD_IS_READABLE, np.zeros(1, ENTRY)[0])

    def _open_with(self, key: int, session: int, section: bytes) -> None:
        """Open an instrument's indicators with the closing state of the nightly batch."""
        instrument = self._instruments.get(key, Instrument())
        is_open = session == self._clock.session != NO_SESSION
        reason = Reason.SEED_OPENS_ITS_SESSION
        if key >= 1 and is_open and not instrument.seen:
            reason = Reason.SEED_FITS_THE_FOLD
            with suppress(StateMismatch):
                instrument.indicators = self._stage.read(str(key), section)
                self._instruments[key] = instrument
                self._touched.add(-key)
                return
        row = np.zeros(1, ENTRY)
        row["instrument_id"], row["session_date"] = key, session
        self._give_trade(Kind.REFUSED, reason, row[0])

    # The clock.

    def _tick(self, market_time: int, session: int, flags: ClockFlag) -> None:
        opens = ClockFlag.OPENS in flags and session > self._clock.session
        if not opens and (session != self._clock.session or session == NO_SESSION):
            return
        self._clock.market_time = max(self._clock.market_time, market_time)
        self._touched.add(0)
        if opens:
            self._finish()
            self._clock.session, self._clock.ended = session, False
            for instrument in self._instruments.values():
                instrument.open_session()
            self._touched = {key for key in self._touched if key <= 0}
        self._close_bars(self._clock.market_time)
        self._settle(self._horizon)
        if ClockFlag.ENDS in flags:
            self._finish()

    @property
    def _horizon(self) -> int:
        return HIGHEST if self._clock.ended else self._clock.market_time - self.lateness

    def _finish(self) -> None:
        """End the session: every bar closes, everything settles."""
        self._close_bars(HIGHEST)
        self._clock.ended = True
        self._settle(self._horizon)

    def _close_bars(self, until: int) -> None:
        for key, instrument in sorted(self._instruments.items()):
            for start in instrument.unsaid(until, self.width):
                self._emit(key, instrument, start)

    def _settle(self, horizon: int) -> None:
        for key, instrument in self._instruments.items():
            is_changed, finals = instrument.settle(horizon, self.width)
            for final in finals:
                settle(self._stage, instrument, final)
            self._touched |= {key} if is_changed else set()
            self._touched |= {-key} if self._stage.width and any(final.trade_count for final in finals) else set()

    def _start(self, event_time: int) -> int:
        return event_time // self.width * self.width

    def _entry(self, row: Rows, is_correction: bool) -> None:
        verdict = int(row["verdict"])
        reason = (
            verdict
            or broken_rule(row, self._clock, self.ahead, is_correction=is_correction)
            or self._accept(row, is_correction)
        )
        if reason:
            self._give_trade(Kind.REFUSED if verdict else _KINDS.get(reason, Kind.REFUSED), reason, row)

    def _accept(self, row: Rows, is_correction: bool) -> int:
        key, _, source, _, _, seq, target, event_time, price, quantity = row.item()
        instrument = self._instruments.setdefault(key, Instrument())
        if not instrument.see(source, seq):
            return Reason.IS_FIRST_SEEN
        self._touched.add(key)
        if event_time < self._horizon:
            return Reason.ARRIVES_WITHIN_BOUND
        if is_correction:
            reason, changes = instrument.correct(Trade(event_time, source, target, price, quantity, seq))
            if changes is not None:
                self._revise(key, instrument, changes)
            return reason
        if len(instrument.tail) >= self.tail_limit:
            return Reason.TAIL_HAS_ROOM
        insort(instrument.tail, Trade(event_time, source, seq, price, quantity), key=Trade.place)
        self._revise(key, instrument, event_time)
        return 0

    def _revise(self, key: int, instrument: Instrument, event_time: int) -> None:
        if self._start(event_time) in instrument.emitted:
            self._emit(key, instrument, self._start(event_time))

    def _emit(self, key: int, instrument: Instrument, start: int) -> None:
        bar = instrument.bar(start, self.width)
        last = instrument.emitted.setdefault(start, Emitted())
        last.take(bar)
        self._touched.add(key)
        prices = (last.open, last.high, last.low, last.close)
        sums = (bar.volume, bar.value, bar.trade_count, self._clock.market_time)
        place = (key, self._clock.session, last.revision, start)
        self._give(Kind.BAR, np.array([(*self._cause, self._ordinal, *place, *prices, *sums)], BAR_OUT))
        if self._stage.width:
            self._reckon(key, instrument, start)

    def _reckon(self, key: int, instrument: Instrument, first: int) -> None:
        """Emit the indicators of a bar, and of later ones whose history is no longer what it was."""
        for start, revision, before, after, values in reckon(self._stage, instrument, first):
            place = (key, self._clock.session, revision, start, before, after, self._clock.market_time)
            self._give(Kind.INDICATOR, np.array([(*self._cause, self._ordinal, *place, values)], INDICATOR_OUT))

    def _give_trade(self, kind: Kind, reason: int, row: Rows) -> None:
        values = (*self._cause, self._ordinal, reason, *row.item(), self._clock.market_time)
        self._give(kind, np.array([values], TRADE_OUT))

    def _give(self, kind: Kind, body: Rows) -> None:
        self._rows.append(encode(kind, body))
        self._ordinal += 1
