"""Say the simulated books as a vendor would: the best three levels ahead of some of the trades, with dirt among them.

Such a trade meets the book that stood before it: a buyer pays the ask, a seller gets the bid. At the ceiling nobody
offers more, at the floor nobody bids less. Dirt never takes away a book: what is damaged comes beside the true one.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import count

import numpy as np

from spark_apps.exchange.walk import AUCTION, BUY, Trades, generator, on_grid
from spark_apps.rules.lots import round_lot
from spark_apps.rules.ticks import UNIT, tick_ladder
from spark_apps.sources.registry import check
from spark_apps.sources.sim.wire import SCHEMA_VERSION, SECOND, Dirt, Message, exchange_text, places

BOOKS = 5
EVERY, LEVELS = 4, 3
AHEAD = 1_000_000
# The faults that a book may have; what they are stands at Dirt.
FAULTS = ("not_json", "negative_volume", "duplicate", "out_of_order", "late")
Levels = list[tuple[int, int]]


@dataclass(frozen=True)
class _Book:
    symbol: str
    event_time: int
    sent_at: int
    bids: Levels
    asks: Levels
    source_seq: int = 0
    fault: str = ""


def book_messages(market: tuple[Trades, ...], seed: int, dirt: Dirt) -> list[Message]:
    """Give the books of one session in order of sending: the same arguments, the same bytes."""
    books = [book for trades in market for book in _books(trades, seed)]
    counts = {name: times for name, times in dirt.counts(len(books)).items() if name in FAULTS}
    random = generator(seed, BOOKS, market[0].day.session_date.toordinal())
    spoiled = dict(places(counts, random.permutation(len(books)).tolist()))
    waits = (random.integers(1, 9, len(books)) * SECOND).tolist()
    said = [one for place, book in enumerate(books) for one in _spoil(book, spoiled.get(place, ""), waits[place])]
    return sorted(map(_message, said), key=lambda message: (message.sent_at, message.symbol, message.source_seq))


def _books(trades: Trades, seed: int) -> Iterator[_Book]:
    """Draw the book ahead of every so many trades between the auctions, numbered from 1."""
    day, instrument = trades.day, trades.instrument
    lot = round_lot(instrument.exchange, day.session_date)
    ladder = tick_ladder(instrument.exchange, instrument.kind, day.session_date)
    random = generator(seed, BOOKS, day.session_date.toordinal(), instrument.instrument_id)
    numbers = count(1)
    for place in np.flatnonzero(trades.side != AUCTION)[::EVERY].tolist():
        tick, price = int(trades.tick[place]), int(trades.price[place])
        ask = price if trades.side[place] == BUY else price + tick
        steps = np.arange(LEVELS) * tick
        sides: list[Levels] = []
        for levels in (ask - tick - steps, ask + steps):
            is_legal = (levels >= day.floor) & (levels <= day.ceiling) & (on_grid(levels, ladder)[0] == levels)
            sizes = random.geometric(0.1, LEVELS) * lot
            sides.append(list(zip(levels[is_legal].tolist(), sizes[is_legal].tolist(), strict=True)))
        time = int(trades.event_time[place]) - AHEAD
        bids, asks = sides
        yield _Book(instrument.symbol, time, time, bids, asks, next(numbers))


def _spoil(book: _Book, fault: str, wait: int) -> tuple[_Book, ...]:
    """Give what is sent in a book's place: itself, and beside it whatever the fault adds."""
    match fault:
        case "":
            return (book,)
        case "out_of_order":
            return (replace(book, sent_at=book.sent_at + wait),)
        case "late":
            return (replace(book, sent_at=book.sent_at + 10 * SECOND + wait * 6),)
        case "duplicate":
            return book, replace(book, sent_at=book.sent_at + SECOND)
        case "negative_volume":
            turned = [(price, -quantity) for price, quantity in book.bids or [(UNIT, 1)]]
            return book, replace(book, bids=turned)
    return book, replace(book, fault=fault)


def _message(book: _Book) -> Message:
    said = {
        "symbol": book.symbol,
        "seq": book.source_seq,
        "time": exchange_text(book.event_time),
        "bids": [[price // UNIT, quantity] for price, quantity in book.bids],
        "asks": [[price // UNIT, quantity] for price, quantity in book.asks],
    }
    check("sim", "quote", SCHEMA_VERSION, said)
    text = json.dumps(said, separators=(",", ":")).encode()
    payload = text[:-9] if book.fault == "not_json" else text
    return Message("quote", book.symbol, book.source_seq, book.event_time, book.sent_at, payload)
