"""Say what the best quotes tell of a bar: the twin of `cpp_udfs/include/kernels/quotes.hpp`.

What the contract leaves open is decided here:

- A side that nobody quotes has price, quantity and depth 0; an ask that is not there is dearer than any. Depth is all
  that stands in the levels that the source shows, the best one among them.
- The quote in force at a time is the last by (event_time, source, source_seq) that is not after it: a quote and a trade
  of one time meet. A session opens without one, and its first has no flow.
- Order flow is that of Cont, Kukanov and Stoikov (2014): what came to the bid or left the ask, less the reverse.
- A trade above the middle of the quote in force was bought, one below it sold, one at it neither (Lee and Ready, 1991,
  without their tick test); where a side is missing there is no middle.
- A bar has figures as soon as a quote is known by its end. One that corrections emptied has -1 quotes and nothing else.
- A quote that comes late inside the bound revises the bars of its time and later that say something else now.
- Quotes are numbered apart from trades, and their tail is as long as that of trades. Sums stay within int64.
"""

from bisect import bisect_left, insort
from collections.abc import Iterable
from dataclasses import astuple, dataclass, field, replace

import numpy as np

from spark_apps.kernels.layouts import FIGURES
from spark_apps.kernels.reference_trades import HIGHEST, NEVER, Trade
from spark_apps.tables.strategies import QUOTE_NUMBERS

OF_QUOTES = 1 << 16
NO_FIGURES = (0, 0, 0, 0, 0, 0, 0, -1, 0, 0, 0, np.nan, np.nan, np.nan)
NO_NUMBERS = (np.nan,) * len(QUOTE_NUMBERS)
_NUMBERS = tuple((FIGURES.names or ()).index(name) for name in QUOTE_NUMBERS)


@dataclass(frozen=True)
class Quote:
    """Remember an accepted quote."""

    event_time: int = NEVER
    source: int = 0
    source_seq: int = 0
    bid: int = 0
    bid_quantity: int = 0
    ask: int = 0
    ask_quantity: int = 0
    bid_depth: int = 0
    ask_depth: int = 0

    def place(self) -> tuple[int, int, int]:
        """Give the place of the quote among others."""
        return self.event_time, self.source, self.source_seq


NO_QUOTE = Quote()


@dataclass
class QuoteBar:
    """Gather what happened to the book within a bar."""

    start: int = NEVER
    quotes: int = 0
    order_flow: int = 0
    bought: int = 0
    sold: int = 0
    paid: int = 0
    worth: int = 0

    def move(self, before: Quote, now: Quote) -> None:
        """Take a quote that follows another."""
        self.quotes += 1
        if before == NO_QUOTE:
            return
        ask, ask_before = now.ask or HIGHEST, before.ask or HIGHEST
        flow = now.bid_quantity * (now.bid >= before.bid) - before.bid_quantity * (now.bid <= before.bid)
        flow += before.ask_quantity * (ask >= ask_before) - now.ask_quantity * (ask <= ask_before)
        self.order_flow = _clamped(self.order_flow + flow)

    def cross(self, quote: Quote, price: int, quantity: int) -> None:
        """Take a trade while a quote is in force."""
        if not (quote.bid and quote.ask):
            return
        twice_middle = quote.bid + quote.ask
        distance = 2 * price - twice_middle
        self.bought = _clamped(self.bought + quantity * (distance > 0))
        self.sold = _clamped(self.sold + quantity * (distance < 0))
        self.paid = _clamped(self.paid + _clamped(quantity * abs(distance)))
        self.worth = _clamped(self.worth + _clamped(quantity * twice_middle))


def _clamped(value: int) -> int:
    return max(-HIGHEST, min(value, HIGHEST))


@dataclass
class QuoteState:
    """Remember of one instrument's quotes the last that is settled, what is settled of a bar, and the tail."""

    last: Quote = NO_QUOTE
    bar: QuoteBar = field(default_factory=QuoteBar)
    tail: list[Quote] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        """Say whether none came in the session."""
        return self.last == NO_QUOTE and not self.tail

    def take(self, quote: Quote) -> None:
        """Put an accepted quote in its place."""
        insort(self.tail, quote, key=Quote.place)

    def settle(self, trades: Iterable[Trade], horizon: int, width: int) -> bool:
        """Take quotes and trades before the horizon for good; say whether a quote was among them."""
        if self.is_empty:
            return False
        count = bisect_left(self.tail, horizon, key=lambda quote: quote.event_time)
        for one in _merged(self.tail[:count], (trade for trade in trades if trade.event_time < horizon)):
            start = one.event_time // width * width
            self.bar = self.bar if self.bar.start == start else QuoteBar(start)
            self.last = _step(self.bar, self.last, one)
        del self.tail[:count]
        return count > 0

    def figures(self, trades: Iterable[Trade], start: int, width: int) -> tuple[int | float, ...] | None:
        """Give what quotes say of the bar that starts there (FIGURES); nothing where none is known by its end."""
        last, bar = self.last, replace(self.bar) if self.bar.start == start else QuoteBar(start)
        quotes = (quote for quote in self.tail if quote.event_time < start + width)
        for one in _merged(quotes, (trade for trade in trades if start <= trade.event_time < start + width)):
            last = _step(bar if one.event_time >= start else QuoteBar(), last, one)
        return None if last == NO_QUOTE else figures_of(bar, last)


def _merged(quotes: Iterable[Quote], trades: Iterable[Trade]) -> list[Quote | Trade]:
    """Put quotes and trades that stand in order of time, of one time quotes first."""
    standing = (trade for trade in trades if trade.quantity > 0)
    return sorted([*quotes, *standing], key=lambda one: (one.event_time, isinstance(one, Trade)))


def _step(bar: QuoteBar, last: Quote, one: Quote | Trade) -> Quote:
    """Take the next quote or trade, and give the quote in force behind it."""
    if isinstance(one, Quote):
        bar.move(last, one)
        return one
    bar.cross(last, one.price, one.quantity)
    return last


def figures_of(bar: QuoteBar, last: Quote) -> tuple[int | float, ...]:
    """Give the figures of a bar as of the last quote before its end; shares and spreads are null without a base.

    Spreads are in basis points of the middle: quoted as of the end, and paid by the trades, weighted by their value.
    """
    two_sides = last.ask + last.bid if last.bid and last.ask else 0
    return (
        last.event_time,
        *astuple(last)[3:],
        bar.quotes,
        bar.order_flow,
        bar.bought,
        bar.sold,
        20_000.0 * _share(last.ask - last.bid, two_sides),
        20_000.0 * _share(bar.paid, bar.worth),
        _share(last.bid_depth - last.ask_depth, last.bid_depth + last.ask_depth),
    )


def _share(part: int, whole: int) -> float:
    return float(part) / float(whole) if whole else np.nan


def numbers_of(figures: tuple[int | float, ...]) -> tuple[float, ...]:
    """Give what strategies may read of figures, as the doubles nearest to them."""
    return tuple(float(figures[place]) for place in _NUMBERS)


def figure_bytes(figures: tuple[int | float, ...]) -> bytes:
    """Write figures as they stand in a record."""
    return np.array(figures, FIGURES).tobytes()
