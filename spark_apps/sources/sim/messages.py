"""Say the simulated market as a vendor would: JSON messages in order of sending, with seeded dirt among them.

Dirt never takes away from the market: whatever is damaged or dated wrongly is a message beside the true trades, and
corrections end at them. So daily files and accepted ticks of one seed agree.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from heapq import merge
from itertools import count

from spark_apps.exchange.walk import SIDES, Trades, generator, market_session
from spark_apps.rules.calendar import previous_session, session_of
from spark_apps.rules.lots import round_lot
from spark_apps.rules.ticks import UNIT
from spark_apps.sources.registry import check
from spark_apps.sources.sim.books import book_messages
from spark_apps.sources.sim.wire import SCHEMA_VERSION, SECOND, SOME_DIRT, Dirt, Message, exchange_text, places

DIRT = 4
DAY = 86_400 * SECOND


@dataclass(slots=True, eq=False)
class _Draft:
    symbol: str
    event_time: int
    sent_at: int
    price: int
    quantity: int
    side: str
    ceiling: int
    floor: int
    tick: int
    lot: int
    fault: str = ""
    corrects: "_Draft | None" = None
    source_seq: int = 0


def messages(
    session_date: date, seed: int, trades_per_session: int = 40_000, dirt: Dirt = SOME_DIRT
) -> Iterator[Message]:
    """Yield the messages of one session in order of sending: the same arguments, the same bytes."""
    market = market_session(session_date, seed, trades_per_session)
    yield from merge(
        book_messages(market, seed, dirt),
        _trade_messages(market, session_date, seed, dirt),
        key=lambda one: one.sent_at,
    )


def _trade_messages(market: tuple[Trades, ...], session_date: date, seed: int, dirt: Dirt) -> Iterator[Message]:
    drafts = [draft for trades in market for draft in _drafts(trades)]
    random = generator(seed, DIRT, session_date.toordinal())
    spoiled = dict(places(dirt.counts(len(drafts)), random.permutation(len(drafts)).tolist()))
    waits = random.integers(1, 9, len(drafts)).tolist()
    said = [
        one
        for place, draft in enumerate(drafts)
        for one in _spoil(draft, spoiled.get(place, ""), waits[place] * SECOND, session_date)
    ]
    _number(said)
    said += [replace(draft, sent_at=draft.sent_at + SECOND) for draft in said if draft.fault == "duplicate"]
    said.sort(key=lambda draft: (draft.sent_at, draft.symbol, draft.source_seq))
    for draft in said:
        channel = "trade" if draft.corrects is None else "correction"
        yield Message(channel, draft.symbol, draft.source_seq, draft.event_time, draft.sent_at, _payload(draft))


def _drafts(trades: Trades) -> Iterator[_Draft]:
    day, symbol = trades.day, trades.instrument.symbol
    lot = round_lot(trades.instrument.exchange, day.session_date)
    columns = (trades.event_time, trades.price, trades.quantity, trades.side, trades.tick)
    for time, price, quantity, side, tick in zip(*(column.tolist() for column in columns), strict=True):
        yield _Draft(symbol, time, time, price, quantity, SIDES[side], day.ceiling, day.floor, tick, lot)


def _spoil(draft: _Draft, fault: str, wait: int, session_date: date) -> tuple[_Draft, ...]:
    """Give what is sent in a draft's place: itself, and beside it whatever the fault adds."""
    match fault:
        case "":
            return (draft,)
        case "duplicate":
            return (replace(draft, fault=fault),)
        case "out_of_order":
            return (replace(draft, sent_at=draft.sent_at + wait),)
        case "late":
            return (replace(draft, sent_at=draft.sent_at + 10 * SECOND + wait * 6),)
        case "correction":
            wrong = replace(draft, quantity=draft.quantity + draft.lot)
            return wrong, _later(draft, wait, corrects=wrong)
        case "cancel":
            extra = replace(draft)
            return draft, extra, _later(draft, wait, corrects=extra, quantity=0)
        case "not_json" | "bad_utf8" | "wrong_type":
            return draft, replace(draft, fault=fault)
    return draft, _misstate(draft, fault, session_date)


def _misstate(draft: _Draft, fault: str, session_date: date) -> _Draft:
    """Give the same trade with one thing wrong."""
    match fault:
        case "unknown_symbol":
            return replace(draft, symbol="XQQQ")
        case "off_tick":
            return replace(draft, price=draft.price + (UNIT if draft.price < draft.ceiling else -UNIT))
        case "outside_band":
            return replace(draft, price=(draft.ceiling // UNIT + 1_000) // 100 * 100 * UNIT)
        case "negative_volume":
            return replace(draft, quantity=-draft.quantity)
        case "yesterday":
            days = (session_date - previous_session(session_date)).days
            return replace(draft, event_time=draft.event_time - days * DAY)
    return replace(draft, event_time=draft.event_time + 364 * DAY)


def _later(draft: _Draft, wait: int, corrects: _Draft, quantity: int | None = None) -> _Draft:
    time = draft.event_time + wait
    quantity = draft.quantity if quantity is None else quantity
    return replace(draft, event_time=time, sent_at=time, corrects=corrects, quantity=quantity)


def _number(drafts: list[_Draft]) -> None:
    """Count the messages of each symbol and session from 1 in order of event."""
    numbers: dict[tuple[str, date | None], Iterator[int]] = {}
    for draft in sorted(drafts, key=lambda draft: draft.event_time):
        key = draft.symbol, session_of(draft.event_time)
        draft.source_seq = next(numbers.setdefault(key, count(1)))


def _payload(draft: _Draft) -> bytes:
    said = {
        "symbol": draft.symbol,
        "price": draft.price // UNIT,
        "volume": draft.quantity,
        "seq": draft.source_seq,
        "time": exchange_text(draft.event_time),
        "side": draft.side,
        "ceiling": draft.ceiling // UNIT,
        "floor": draft.floor // UNIT,
        "tick": draft.tick // UNIT,
        "lot": draft.lot,
    }
    if draft.corrects is not None:
        said["corrects"] = draft.corrects.source_seq
    check("sim", "trade" if draft.corrects is None else "correction", SCHEMA_VERSION, said)
    return _damage(json.dumps(said, separators=(",", ":")).encode(), draft.fault)


def _damage(text: bytes, fault: str) -> bytes:
    """Spoil a message as a bad line would, after our own schema has passed it."""
    match fault:
        case "not_json":
            return text[:-9]
        case "bad_utf8":
            return text.replace(b'"side":"', b'"side":"\xc3\x28')
        case "wrong_type":
            return text.replace(b'"price":', b'"price":"VND ').replace(b',"volume"', b'","volume"')
    return text
