"""Real order-book lines in the words of the simulated vendor: what two markets quoted and traded, one after the other.

The lines are Binance's of BTCUSDT, futures and then spot, as they came over its WebSocket (shared data, `binance_l2`).
Its depth comes as changes of levels, so the book is kept here and told whole after each line: the levels of the last
`bookTicker`, and behind them those that the changes left. A share is 0.00001 BTC. Times are those of receipt, for the
two clocks of the capture lie 1.27 s apart, moved so that the first line comes at 10:00 of `DAY`.
"""

import gzip
import json
from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from spark_apps.kernels.layouts import SOURCES, Rows
from spark_apps.lake.feed import Hours
from spark_apps.market.bars import MINUTE
from spark_apps.rules.calendar import EPOCH, at
from spark_apps.rules.instruments import instrument_ids
from spark_apps.sources.envelope import RECEIPT_DELAY, Envelope
from spark_apps.sources.quote import Level
from spark_apps.sources.sim.wire import exchange_text
from spark_apps.sources.trade import unscaled
from tests.drills.quote_truth import QUOTES
from tests.drills.truth import ACCEPTED

DAY = date(2026, 11, 16)
FIRST = at(DAY, "10:00")
HOURS = Hours(DAY, FIRST, FIRST + 660 * 1_000_000_000)
# The file of each market, in order of time, and the symbol that it goes by.
MARKETS = {"usdm_btcusdt_20240808.gz": "XANB", "spot_btcusdt_20240809.gz": "XBTH"}
# How many levels are told behind the best one.
BEHIND = 9
SHARES_OF_ONE = 100_000
VERSION = 1


class Trade(NamedTuple):
    """State what was traded; price unscaled at four decimals, quantity in shares."""

    price: int
    quantity: int
    side: str


class Shown(NamedTuple):
    """State the best levels of a book, best first."""

    bids: tuple[Level, ...]
    asks: tuple[Level, ...]


class Line(NamedTuple):
    """State what one line says: of which symbol, its number there among its like, and when it was received."""

    symbol: str
    number: int
    time: int
    says: Trade | Shown


@dataclass
class Side:
    """Keep the levels of one side in order of price."""

    quantities: dict[int, int] = field(default_factory=dict)
    prices: list[int] = field(default_factory=list)

    def change(self, levels: list[list[str]]) -> None:
        """Put in what levels hold now; 0 takes a level away."""
        for price, quantity in map(_level, levels):
            if quantity:
                if price not in self.quantities:
                    insort(self.prices, price)
                self.quantities[price] = quantity
            elif self.quantities.pop(price, 0):
                del self.prices[bisect_left(self.prices, price)]

    def below(self, price: int) -> list[Level]:
        """Give the highest levels under a price, highest first."""
        end = bisect_left(self.prices, price)
        return [(each, self.quantities[each]) for each in reversed(self.prices[max(end - BEHIND, 0) : end])]

    def above(self, price: int) -> list[Level]:
        """Give the lowest levels over a price, lowest first."""
        begin = bisect_right(self.prices, price)
        return [(each, self.quantities[each]) for each in self.prices[begin : begin + BEHIND]]


@dataclass
class Book:
    """Keep the levels that changes leave, and the best of them by the last ticker."""

    bids: Side = field(default_factory=Side)
    asks: Side = field(default_factory=Side)
    updated: int = 0
    best: tuple[Level, Level] | None = None

    def take(self, said: dict[str, Any]) -> None:
        """Take in a snapshot, a change of levels or a ticker; a change that is older than the snapshot says nothing."""
        if "lastUpdateId" in said:
            self.bids, self.asks, self.updated = Side(), Side(), said["lastUpdateId"]
            self.bids.change(said["bids"])
            self.asks.change(said["asks"])
        elif said.get("e") == "depthUpdate":
            if said["u"] > self.updated:
                self.updated = said["u"]
                self.bids.change(said["b"])
                self.asks.change(said["a"])
        else:
            self.best = (_level((said["b"], said["B"])), _level((said["a"], said["A"])))

    def shown(self) -> Shown | None:
        """Give the best levels; nothing before the first ticker."""
        if self.best is None:
            return None
        bid, ask = self.best
        return Shown((bid, *self.bids.below(bid[0])), (ask, *self.asks.above(ask[0])))


def _level(said: tuple[str, str] | list[str]) -> Level:
    price, quantity = said
    return unscaled(price, "price"), int(Decimal(quantity) * SHARES_OF_ONE)


def lines(folder: Path) -> Iterator[Line]:
    """Yield what the lines of <folder>/binance_l2 say, in order of receipt."""
    begun = None
    for name, symbol in MARKETS.items():
        book, numbers = Book(), {Trade: 0, Shown: 0}
        for received, said in captured(folder, name):
            begun = begun or received
            says = _said(said, book)
            if says is not None:
                numbers[type(says)] += 1
                yield Line(symbol, numbers[type(says)], FIRST + (received - begun) // 1_000 * 1_000, says)


def captured(folder: Path, name: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield when each line of <folder>/binance_l2/<name> was received, nanoseconds UTC, and what it holds."""
    with gzip.open(folder / "binance_l2" / name, "rt", encoding="ascii") as text:
        for received, _, message in (line.partition(" ") for line in text):
            said = json.loads(message)
            yield int(received), said.get("data", said)


def _said(said: dict[str, Any], book: Book) -> Trade | Shown | None:
    if said.get("e") == "trade":
        return Trade(*_level((said["p"], said["q"])), "sell" if said["m"] else "buy")
    book.take(said)
    return book.shown()


def envelope(line: Line) -> Envelope:
    """Say a line as the simulated vendor would."""
    said: dict[str, Any] = {"symbol": line.symbol, "seq": line.number, "time": exchange_text(line.time)}
    if isinstance(line.says, Trade):
        channel, body = "trade", f'"price":{_price(line.says.price)},"volume":{line.says.quantity}'
        body += f',"side":"{line.says.side}"'
    else:
        channel = "quote"
        body = ",".join(f'"{name}":[{_levels(levels)}]' for name, levels in line.says._asdict().items())
    payload = f"{json.dumps(said)[:-1]},{body}}}".encode()
    return Envelope(
        "sim", channel, line.number, line.time, line.time + RECEIPT_DELAY, "json", VERSION, payload, line.symbol
    )


def _levels(levels: tuple[Level, ...]) -> str:
    return ",".join(f"[{_price(price)},{quantity}]" for price, quantity in levels)


def _price(unscaled_price: int) -> str:
    return f"{unscaled_price // 10_000}.{unscaled_price % 10_000:04d}"


def accepted(said: Sequence[Line]) -> tuple[Rows, Rows]:
    """Give trades and quotes of lines as truth and oracle take them, in order."""
    traded = [_owner(line) | {"price": line.says.price, "quantity": line.says.quantity} for line in said
              if isinstance(line.says, Trade)]  # fmt: skip
    quoted = [_owner(line) | _sides(line.says) for line in said if isinstance(line.says, Shown)]
    return _rows(traded, ACCEPTED), _rows(quoted, QUOTES)


def _owner(line: Line) -> dict[str, int]:
    return {
        "width": MINUTE,
        "instrument_id": instrument_ids()[line.symbol],
        "session_date": (DAY - EPOCH).days,
        "source": SOURCES["sim"],
        "source_seq": line.number,
        "event_time": line.time,
    }


def _sides(says: Shown) -> dict[str, int]:
    (bid, bid_quantity), (ask, ask_quantity) = says.bids[0], says.asks[0]
    depths = [sum(quantity for _, quantity in levels) for levels in says]
    numbers = {"bid": bid, "bid_quantity": bid_quantity, "ask": ask, "ask_quantity": ask_quantity}
    return numbers | dict(zip(("bid_depth", "ask_depth"), depths, strict=True))


def _rows(told: list[dict[str, int]], layout: np.dtype[np.void]) -> Rows:
    made = np.zeros(len(told), layout)
    for name in told[0]:
        made[name] = [each[name] for each in told]
    return made
