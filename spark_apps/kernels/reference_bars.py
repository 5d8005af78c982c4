"""Fold trades to bars slowly and plainly: the twin of `cpp_udfs/include/kernels/bars.hpp`, same rows, same state bytes.

What the contract of the fold leaves open is decided here:

- A clock is unreadable outside [0, 2^62], an entry with verdict 0 and an instrument below 1 breaks record_is_readable.
- price * quantity above 2^56 breaks amount_is_in_range (checked after quantity); sums stay at the highest int64.
- A clock that opens moves market time first: bars of the old session that it finishes are available at its time.
- An opening at or below the current session is a plain clock; clocks of another session change nothing.
- Lateness of a correction is judged by its own event_time. A correction needs no room in the tail. One whose target
  was seen but is not in the tail (settled, refused for room, or itself a correction) is late.
- A correction older than the last one applied, or one that changes nothing, is accepted without a row.
- A bar whose end has passed but that was never emitted, because its first trade came late, waits for the next clock.
- The parameter hash covers width, lateness, ahead and tail_limit, not generation and partition.
- After a session is replaced its sections are not rewritten: restore passes over sections of an earlier session.
"""

from bisect import bisect_left, insort
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from spark_apps.errors import SchemaMismatch
from spark_apps.kernels import reference_bar_state as state
from spark_apps.kernels.records import (
    AMOUNT_LIMIT,
    BAR_OUT,
    CLOCK_LIMIT,
    ENTRY,
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
from spark_apps.kernels.reference_bar_state import HIGHEST, NO_SESSION, Bar, Emitted, Instrument, Trade

_SILENT = (0, 0, 0, 0)
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
    _clock: state.Clock = field(default_factory=state.Clock)
    _instruments: dict[int, Instrument] = field(default_factory=dict)
    _touched: set[int] = field(default_factory=set)
    _rows: list[bytes] = field(default_factory=list)
    _cause: tuple[int, int, int] = (0, 0, 0)
    _ordinal: int = 0

    def __post_init__(self) -> None:
        """Refuse parameters that no fold can work with."""
        state.check_parameters(self.width, self.lateness, self.ahead, self.tail_limit)

    def apply(self, offsets: Ints, data: Bytes, bounds: Ints) -> tuple[Bytes, Ints]:
        """Fold records in rising order of offset; give the records they cause, in order."""
        check_places(offsets, data, bounds)
        self._rows = []
        for offset, record in zip(offsets.tolist(), cut(data, bounds), strict=True):
            self._cause, self._ordinal = (self.generation, self.partition, offset), 0
            self._record(record)
        return join(self._rows)

    def touched(self) -> list[tuple[int, bytes]]:
        """Give the sections that changed since the last call, by rising id: 0 is the clock, else an instrument."""
        ids, self._touched = sorted(self._touched), set()
        return [(key, state.write(self._parameters, self._clock, self._instruments.get(key))) for key in ids]

    def restore(self, sections: Iterable[tuple[int, bytes]]) -> None:
        """Replace the state by stored sections; StateMismatch, and the state as it was, if they do not fit."""
        self._clock, self._instruments = state.read(dict(sections), self._parameters)
        self._touched = set()

    @property
    def _parameters(self) -> tuple[int, int, int, int]:
        return self.width, self.lateness, self.ahead, self.tail_limit

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
        else:
            self._give_trade(Kind.REFUSED, Reason.RECORD_IS_READABLE, np.zeros(1, ENTRY)[0])

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
            self._instruments, self._touched = {}, {0}
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
            starts = {self._start(trade.event_time) for trade in instrument.tail if trade.quantity > 0}
            starts |= {instrument.settled.start} if instrument.settled else set()
            for start in sorted(starts - instrument.emitted.keys()):
                if start + self.width <= until:
                    self._emit(key, instrument, start)

    def _settle(self, horizon: int) -> None:
        """Move what no record can change any more out of the tail; forget bars that are final."""
        for key, instrument in self._instruments.items():
            before = (instrument.settled, len(instrument.emitted), len(instrument.tail))
            if instrument.settled and instrument.settled.start + self.width <= horizon:
                instrument.settled = None
            count = bisect_left(instrument.tail, horizon, key=lambda trade: trade.event_time)
            for trade in instrument.tail[:count]:
                start = self._start(trade.event_time)
                if start + self.width > horizon and trade.quantity > 0:
                    instrument.settled = instrument.settled or Bar(start)
                    instrument.settled.add(trade.price, trade.quantity)
            del instrument.tail[:count]
            final = [start for start in instrument.emitted if start + self.width <= horizon]
            for start in final:
                del instrument.emitted[start]
            if before != (instrument.settled, len(instrument.emitted), len(instrument.tail)):
                self._touched.add(key)

    def _start(self, event_time: int) -> int:
        return event_time // self.width * self.width

    # Entries.

    def _entry(self, row: Rows, is_correction: bool) -> None:
        verdict = int(row["verdict"])
        reason = verdict or self._broken_rule(row, is_correction) or self._accept(row, is_correction)
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
            return self._correct(key, instrument, Trade(event_time, source, target, price, quantity, seq))
        if len(instrument.tail) >= self.tail_limit:
            return Reason.TAIL_HAS_ROOM
        insort(instrument.tail, Trade(event_time, source, seq, price, quantity), key=Trade.place)
        self._revise(key, instrument, event_time)
        return 0

    def _broken_rule(self, row: Rows, is_correction: bool) -> int:
        """Give the first rule that an entry breaks before its number is looked at, 0 for none."""
        key, session, _, _, _, _, _, event_time, price, quantity = row.item()
        is_open = self._clock.session != NO_SESSION
        rules = (
            (Reason.RECORD_IS_READABLE, key >= 1),
            (Reason.ARRIVES_WITHIN_BOUND, not (is_open and session < self._clock.session)),
            (Reason.SESSION_IS_OPEN, is_open and session == self._clock.session),
            (Reason.PRICE_IS_POSITIVE, price > 0),
            (Reason.QUANTITY_IS_POSITIVE, quantity > 0 or (quantity == 0 and is_correction)),
            (Reason.AMOUNT_IS_IN_RANGE, price * quantity <= AMOUNT_LIMIT),
            (Reason.EVENT_IS_NOT_AHEAD_OF_CLOCK, event_time <= self._clock.market_time + self.ahead),
        )
        return next((reason.value for reason, holds in rules if not holds), 0)

    def _correct(self, key: int, instrument: Instrument, new: Trade) -> int:
        same = (trade for trade in instrument.tail if (trade.source, trade.source_seq) == (new.source, new.source_seq))
        trade = next(same, None)
        if trade is None:
            is_known = instrument.has_seen(new.source, new.source_seq)
            return Reason.ARRIVES_WITHIN_BOUND if is_known else Reason.CORRECTED_TRADE_IS_KNOWN
        if new.corrected_by < trade.corrected_by:
            return 0
        changes = trade.counted() != new.counted()
        trade.price, trade.quantity, trade.corrected_by = new.price, new.quantity, new.corrected_by
        if changes:
            self._revise(key, instrument, trade.event_time)
        return 0

    # Output.

    def _revise(self, key: int, instrument: Instrument, event_time: int) -> None:
        if self._start(event_time) in instrument.emitted:
            self._emit(key, instrument, self._start(event_time))

    def _emit(self, key: int, instrument: Instrument, start: int) -> None:
        bar = Bar(start)
        if instrument.settled and instrument.settled.start == start:
            bar = Bar(*instrument.settled.fields())
        for trade in instrument.tail:
            if self._start(trade.event_time) == start and trade.quantity > 0:
                bar.add(trade.price, trade.quantity)
        last = instrument.emitted.get(start, Emitted(-1, _SILENT))
        prices = (bar.open, bar.high, bar.low, bar.close) if bar.trade_count else last.prices
        instrument.emitted[start] = Emitted(last.revision + 1, prices)
        self._touched.add(key)
        sums = (bar.volume, bar.value, bar.trade_count, self._clock.market_time)
        place = (key, self._clock.session, last.revision + 1, start)
        self._give(Kind.BAR, np.array([(*self._cause, self._ordinal, *place, *prices, *sums)], BAR_OUT))

    def _give_trade(self, kind: Kind, reason: int, row: Rows) -> None:
        values = (*self._cause, self._ordinal, reason, *row.item(), self._clock.market_time)
        self._give(kind, np.array([values], TRADE_OUT))

    def _give(self, kind: Kind, body: Rows) -> None:
        self._rows.append(encode(kind, body))
        self._ordinal += 1
