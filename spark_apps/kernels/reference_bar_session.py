"""What the bar fold remembers of a session: the clock, and of each instrument its trades, bars and indicators."""

from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field

from spark_apps.kernels.reasons import Reason
from spark_apps.kernels.reference_indicator_state import IndicatorState
from spark_apps.kernels.reference_quotes import NO_NUMBERS, QuoteState
from spark_apps.kernels.reference_strategies import FLAT, Stance
from spark_apps.kernels.reference_trades import NEVER, Bar, Trade

NO_SESSION = -(1 << 31)


@dataclass
class Clock:
    """Remember market time and the session; `ended` once nothing more of it may count.

    `judged` is the start of the latest bar that was ever given in the session.
    """

    market_time: int = 0
    session: int = NO_SESSION
    ended: bool = False
    judged: int = NEVER


@dataclass
class Emitted:
    """Remember the last word on a bar and its last known prices; and on its indicators, with the history they stand on.

    `reckoned` is the last revision of the indicators, `digest` the hash of the state after the bar. `signalled` is the
    last revision of its signals, which follow from the stances before and after it. `quoted` is the last revision of
    its quotes, `figures` the hash of what they said, `numbers` what strategies may read of it (QUOTE_NUMBERS).
    """

    revision: int = -1
    open: int = 0
    high: int = 0
    low: int = 0
    close: int = 0
    volume: int = 0
    trade_count: int = 0
    reckoned: int = -1
    digest: int = 0
    signalled: int = -1
    before: Stance = FLAT
    after: Stance = FLAT
    quoted: int = -1
    figures: int = 0
    numbers: tuple[float, ...] = NO_NUMBERS

    def take(self, bar: Bar) -> None:
        """Say a bar anew; one without trades keeps the last known prices."""
        if bar.trade_count:
            self.open, self.high, self.low, self.close = bar.open, bar.high, bar.low, bar.close
        self.volume, self.trade_count = bar.volume, bar.trade_count
        self.revision += 1


@dataclass
class Instrument:
    """Remember one instrument's session."""

    settled: Bar | None = None
    emitted: dict[int, Emitted] = field(default_factory=dict)
    tail: list[Trade] = field(default_factory=list)
    seen: dict[int, list[tuple[int, int]]] = field(default_factory=dict)
    quotes: QuoteState = field(default_factory=QuoteState)
    indicators: IndicatorState | None = None
    stance: Stance = FLAT

    def open_session(self) -> None:
        """Forget the session that ended; only the indicators go on."""
        self.settled, self.emitted, self.tail, self.seen, self.stance = None, {}, [], {}, FLAT
        self.quotes = QuoteState()

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

    def bar(self, start: int, width: int) -> Bar:
        """Gather the bar that starts there: its settled part, then its trades of the tail."""
        bar = Bar(*self.settled.fields()) if self.settled and self.settled.start == start else Bar(start)
        for trade in self.tail:
            if start <= trade.event_time < start + width and trade.quantity > 0:
                bar.add(trade.price, trade.quantity)
        return bar

    def unsaid(self, until: int, width: int) -> list[int]:
        """Give the starts of bars that have trades, were never emitted and end by `until`."""
        starts = {trade.event_time // width * width for trade in self.tail if trade.quantity > 0}
        starts |= {self.settled.start} if self.settled else set()
        return sorted(start for start in starts - self.emitted.keys() if start + width <= until)

    def settle(self, horizon: int, width: int) -> tuple[bool, list[tuple[int, Emitted]]]:
        """Move what no record can change any more out of the tail; forget bars that are final.

        Give whether anything moved, and those bars with their starts.
        """
        before = (self.settled, len(self.emitted), len(self.tail))
        if self.settled and self.settled.start + width <= horizon:
            self.settled = None
        has_moved = self.quotes.settle(self.tail, horizon, width)
        count = bisect_left(self.tail, horizon, key=lambda trade: trade.event_time)
        for trade in self.tail[:count]:
            start = trade.event_time // width * width
            if start + width > horizon and trade.quantity > 0:
                self.settled = self.settled or Bar(start)
                self.settled.add(trade.price, trade.quantity)
        del self.tail[:count]
        finals = [(start, self.emitted.pop(start)) for start in sorted(self.emitted) if start + width <= horizon]
        return has_moved or before != (self.settled, len(self.emitted), len(self.tail)), finals

    def correct(self, new: Trade) -> tuple[int, int | None]:
        """Put a correction in the place of its trade; give the rule that it breaks, and the time where that changes."""
        same = (one for one in self.tail if (one.source, one.source_seq) == (new.source, new.source_seq))
        trade = next(same, None)
        if trade is None:
            is_known = self.has_seen(new.source, new.source_seq)
            return Reason.ARRIVES_WITHIN_BOUND if is_known else Reason.CORRECTED_TRADE_IS_KNOWN, None
        if new.corrected_by < trade.corrected_by:
            return 0, None
        changes = trade.counted() != new.counted()
        trade.price, trade.quantity, trade.corrected_by = new.price, new.quantity, new.corrected_by
        return 0, trade.event_time if changes else None
