"""Fold trades and quotes to bars and what follows: the slow twin of `cpp_udfs/include/kernels/bars.hpp`, to the byte.

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
- After a session is replaced its sections are not rewritten: restore passes over sections of an earlier session.
"""

from bisect import insort
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from spark_apps.errors import SchemaMismatch
from spark_apps.kernels import reference_bar_state as state
from spark_apps.kernels.layouts import CLOCK_LIMIT, ENTRY, HEADER, SEED, Bytes, ClockFlag, Ints, Kind, Rows
from spark_apps.kernels.reasons import Reason
from spark_apps.kernels.records import check_places, cut, decode
from spark_apps.kernels.reference_admission import broken_quote_rule, broken_rule
from spark_apps.kernels.reference_bar_session import NO_SESSION, Clock, Instrument
from spark_apps.kernels.reference_emission import Emission
from spark_apps.kernels.reference_indicator_state import IndicatorStage
from spark_apps.kernels.reference_openings import open_with, put_in_force
from spark_apps.kernels.reference_quotes import OF_QUOTES, Quote
from spark_apps.kernels.reference_reckoning import opening, settle
from spark_apps.kernels.reference_strategies import Book, Books
from spark_apps.kernels.reference_telling import retell_quotes, tell_bar, tell_indicators, tell_quotes
from spark_apps.kernels.reference_trades import HIGHEST, NEVER, Trade
from spark_apps.kernels.sections import as_signed

_KINDS: dict[int, Kind] = {Reason.ARRIVES_WITHIN_BOUND: Kind.LATE, Reason.IS_FIRST_SEEN: Kind.DUPLICATE}
_QUOTE_KINDS: dict[int, Kind] = {
    Reason.ARRIVES_WITHIN_BOUND: Kind.LATE_QUOTE,
    Reason.IS_FIRST_SEEN: Kind.DUPLICATE_QUOTE,
}


@dataclass
class BarFold:
    """Fold records of one partition of fold_input to bars, indicators, signals, late, refused and duplicate rows.

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
    _books: Books = field(default_factory=Books)
    _instruments: dict[int, Instrument] = field(default_factory=dict)
    _touched: set[int] = field(default_factory=set)  # sections: 0, an instrument's bars, its indicators as -id, BOOKS

    def __post_init__(self) -> None:
        """Refuse parameters that no fold can work with."""
        state.check_parameters(self.width, self.lateness, self.ahead, self.tail_limit)
        self._stage = IndicatorStage(self.indicators)
        self._out = Emission(self.generation, self.partition)

    def apply(self, offsets: Ints, data: Bytes, bounds: Ints) -> tuple[Bytes, Ints]:
        """Fold records in rising order of offset; give the records they cause, in order."""
        check_places(offsets, data, bounds)
        for offset, record in zip(offsets.tolist(), cut(data, bounds), strict=True):
            self._out.begin(offset)
            self._record(record)
        return self._out.taken()

    def touched(self) -> list[tuple[int, bytes]]:
        """Give the sections that changed since the last call, by rising id; see reference_bar_state.py."""
        ids, self._touched = sorted(self._touched), set()
        return [(key, self._section(key)) for key in ids]

    def restore(self, sections: Iterable[tuple[int, bytes]]) -> None:
        """Replace the state by stored sections; StateMismatch, and the state as it was, if they do not fit."""
        self._clock, self._books, self._instruments = state.read(dict(sections), self._parameters, self._stage)
        self._touched = set()

    @property
    def _parameters(self) -> tuple[int, ...]:
        return self.width, self.lateness, self.ahead, self.tail_limit, as_signed(self._stage.parameters)

    def _section(self, key: int) -> bytes:
        if key == 0:
            return state.write_clock(self._parameters, self._clock)
        if key == state.BOOKS:
            return state.write_books(self._parameters, self._books)
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
        elif kind == Kind.QUOTE:
            for row in rows:
                self._quote(row)
        elif kind == Kind.SEED:
            key, session = rows[0].item()
            section = record[HEADER.itemsize + SEED.itemsize :]
            reason = open_with(self._stage, self._clock, self._instruments, key, session, section)
            self._opened(reason, -key, key, session)
        elif kind == Kind.PARAMETERS:
            book = Book.read(record[HEADER.itemsize :], self._stage.inputs)
            broken = put_in_force(self._books, self._clock, book, self._out)
            self._opened(broken, state.BOOKS, 0, book.session if book else 0)
        else:
            self._give_trade(Kind.REFUSED, Reason.RECORD_IS_READABLE, np.zeros(1, ENTRY)[0])

    def _opened(self, reason: int | None, section: int, key: int, session: int) -> None:
        if reason:
            row = np.zeros(1, ENTRY)
            row["instrument_id"], row["session_date"] = key, session
            self._give_trade(Kind.REFUSED, reason, row[0])
        elif reason == 0:
            self._touched.add(section)

    def _tick(self, market_time: int, session: int, flags: ClockFlag) -> None:
        opens = ClockFlag.OPENS in flags and session > self._clock.session
        if not opens and (session != self._clock.session or session == NO_SESSION):
            return
        before = self._clock.market_time, self._clock.ended
        self._clock.market_time = max(self._clock.market_time, market_time)
        self._touched.add(0)
        if opens:
            self._finish()
            self._clock.session, self._clock.ended, self._clock.judged = session, False, NEVER
            self._touched |= {state.BOOKS} if self._books.by_begin else set()
            self._books = Books()
            for instrument in self._instruments.values():
                instrument.open_session()
            self._touched = {key for key in self._touched if key <= 0}
        self._close_bars(self._clock.market_time)
        self._settle(self._horizon)
        if ClockFlag.ENDS in flags:
            self._finish()
        if opens or (self._clock.market_time, self._clock.ended) != before:
            said = (ClockFlag.OPENS if opens else 0) | (ClockFlag.ENDS if self._clock.ended else 0)
            self._out.give(Kind.PROGRESS, self._clock.session, said, self._clock.market_time)

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
            for start, final in finals:
                settle(self._stage, self._books, instrument, start, final)
            self._touched |= {key} if is_changed else set()
            self._touched |= {-key} if self._stage.width and any(final.trade_count for _, final in finals) else set()

    def _quote(self, row: Rows) -> None:
        verdict = int(row["verdict"])
        reason = verdict or broken_quote_rule(row, self._clock, self.ahead) or self._accept_quote(row)
        if reason:
            kind = Kind.REFUSED_QUOTE if verdict else _QUOTE_KINDS.get(reason, Kind.REFUSED_QUOTE)
            self._out.give(kind, reason, *row.item(), self._clock.market_time)

    def _accept_quote(self, row: Rows) -> int:
        key, _, source, _, _, seq, event_time, *sides = row.item()
        instrument = self._instruments.setdefault(key, Instrument())
        if not instrument.see(source | OF_QUOTES, seq):
            return Reason.IS_FIRST_SEEN
        self._touched.add(key)
        if event_time < self._horizon:
            return Reason.ARRIVES_WITHIN_BOUND
        if len(instrument.quotes.tail) >= self.tail_limit:
            return Reason.TAIL_HAS_ROOM
        instrument.quotes.take(Quote(event_time, source, seq, *sides))
        first = retell_quotes(self._out, self._clock, key, instrument, event_time, self.width)
        if first is not None:
            self._tell_what_follows(key, instrument, first)
        return 0

    def _entry(self, row: Rows, is_correction: bool) -> None:
        verdict = int(row["verdict"])
        broken = verdict or broken_rule(row, self._clock, self.ahead, is_correction=is_correction)
        reason = broken or self._accept(row, is_correction)
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
        start = event_time // self.width * self.width
        if start in instrument.emitted:
            self._emit(key, instrument, start)

    def _emit(self, key: int, instrument: Instrument, start: int) -> None:
        tell_bar(self._out, self._clock, key, instrument, start, self.width)
        tell_quotes(self._out, self._clock, key, instrument, start, self.width)
        self._touched.add(key)
        self._tell_what_follows(key, instrument, start)

    def _tell_what_follows(self, key: int, instrument: Instrument, start: int) -> None:
        tell_indicators(self._out, self._clock, key, instrument, start, self.width, self._stage, self._books)

    def _give_trade(self, kind: Kind, reason: int, row: Rows) -> None:
        self._out.give(kind, reason, *row.item(), self._clock.market_time)
