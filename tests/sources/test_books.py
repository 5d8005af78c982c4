"""The simulated books: legal and around the trades, dirt among them, and what our parser makes of both."""

import json
from collections import Counter
from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from spark_apps.exchange.walk import BUY, SELL, market_session, on_grid
from spark_apps.kernels.layouts import AMOUNT_LIMIT
from spark_apps.kernels.reasons import QUOTE_REASONS
from spark_apps.rules.ticks import tick_ladder
from spark_apps.sources.admit import entries_of
from spark_apps.sources.envelope import RECEIPT_DELAY, Envelope
from spark_apps.sources.parse import parse_message
from spark_apps.sources.quote import Quote
from spark_apps.sources.sim.books import AHEAD, FAULTS
from spark_apps.sources.sim.feed import envelopes
from spark_apps.sources.sim.wire import CLEAN, SOME_DIRT, Dirt
from spark_apps.sources.trade import Unreadable

DAY = date(2026, 11, 20)
TIME = 1_795_140_900_000_001_000
GOOD = {
    "symbol": "XANB", "seq": 7, "time": "2026-11-20T09:15:00.000001+07:00",
    "bids": [[69700, 300], [69600, 200]], "asks": [[69800, 100], [69900, 400]],
}  # fmt: skip


def books(dirt: Dirt = SOME_DIRT) -> list[Envelope]:
    """Give the messages of one session that are about the book."""
    return [one for one in envelopes(DAY, 7, 3_000, dirt) if one.channel == "quote"]


def read(payload: bytes) -> object:
    return parse_message("sim", "quote", "json", payload, 7, TIME, TIME + RECEIPT_DELAY)


def said(**other: object) -> bytes:
    return json.dumps({**GOOD, **other}).encode()


def test_a_message_becomes_a_quote() -> None:
    prices = (697_000_000, 300, 698_000_000, 100, 500, 500)
    assert read(said()) == Quote("sim", 1, DAY, 7, TIME, *prices)


def test_the_best_level_counts_wherever_it_stands() -> None:
    found = read(said(bids=[[69600, 200], [69700, 300], [69700, 1]], asks=[]))
    assert found == Quote("sim", 1, DAY, 7, TIME, 697_000_000, 301, None, 0, 501, 0)


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"bids": None}, "bids: None is no list of pairs"),
        ({"asks": [[1]]}, "asks: [[1]] is no list of pairs"),
        ({"asks": [7]}, "asks: [7] is no list of pairs"),
        ({"bids": [["x", 1]]}, "bids: 'x' is not a number"),
        ({"bids": [[69700, 1.5]]}, "bids volume: Decimal('1.5') is not a whole number that fits"),
        ({"bids": [[69700, 0]]}, "bids: a level of price 697000000 and quantity 0 is none"),
        ({"asks": [[-1, 5]]}, "asks: a level of price -10000 and quantity 5 is none"),
        ({"seq": -1}, "seq: -1 is below zero"),
        ({"asks": [[1, 1 << 60]]}, f"asks: price times depth: 10000 * {1 << 60}, at most {AMOUNT_LIMIT} unscaled"),
    ],
)
def test_a_book_that_is_none_says_why(wrong: dict[str, object], reason: str) -> None:
    assert read(said(**wrong)) == Unreadable(reason)


@pytest.mark.parametrize(
    ("payload", "rule"),
    [
        (said(), "admitted"),
        (said(bids=[], asks=[]), "admitted"),
        (b"{", "record_is_readable"),
        (said(symbol="XQQQ"), "instrument_is_known"),
        (said(time="2026-11-21T09:15:00+07:00"), "session_is_open"),
        (said(time="2026-11-20T10:15:00+07:00"), "event_is_not_ahead_of_receipt"),
    ],
)
def test_a_quote_is_judged_by_the_rules_of_silver(payload: bytes, rule: str) -> None:
    (entry,) = entries_of([Envelope("sim", "quote", 7, TIME, TIME + RECEIPT_DELAY, "json", 1, payload)])
    assert QUOTE_REASONS.get(int(entry["verdict"]), "admitted") == rule
    assert entry["source_seq"] == 7


def test_books_are_legal_and_stand_around_the_trades_they_precede() -> None:
    traded = {
        (one.instrument.instrument_id, time - AHEAD): (price, side, one.day, one.instrument)
        for one in market_session(DAY, 7, 3_000)
        for time, price, side in zip(one.event_time.tolist(), one.price.tolist(), one.side.tolist(), strict=True)
    }
    sent = books(CLEAN)
    assert len(sent) > 500
    for envelope in sent:
        found = parse_message("sim", "quote", "json", envelope.payload, 1, envelope.event_time, envelope.received_at)
        assert isinstance(found, Quote)
        price, side, day, instrument = traded[found.instrument_id or 0, found.event_time]
        assert side in (BUY, SELL)
        assert (found.ask if side == BUY else found.bid) in (price, None)
        ladder = tick_ladder(instrument.exchange, instrument.kind, DAY)
        for level, _ in json.loads(envelope.payload)["bids"] + json.loads(envelope.payload)["asks"]:
            assert day.floor <= level * 10_000 <= day.ceiling
            assert on_grid(np.array([level * 10_000]), ladder)[0][0] == level * 10_000


def test_a_clean_session_is_admitted_whole_and_comes_in_order() -> None:
    sent = books(CLEAN)
    assert not entries_of(sent)["verdict"].any()
    assert [one.received_at for one in sent] == sorted(one.received_at for one in sent)
    assert all(one.received_at == one.event_time + RECEIPT_DELAY for one in sent)


def test_each_kind_of_dirt_happens_as_often_as_it_says() -> None:
    sent, clean = books(), books(CLEAN)
    counts, verdicts = SOME_DIRT.counts(len(clean)), Counter(entries_of(sent)["verdict"].tolist())
    found = {QUOTE_REASONS[number]: times for number, times in verdicts.items() if number}
    assert found == {"record_is_readable": counts["not_json"] + counts["negative_volume"]}
    assert len(sent) - len({one.payload for one in sent}) == counts["duplicate"]
    delays = [(one.received_at - one.event_time - RECEIPT_DELAY) // 10**9 for one in sent]
    assert sum(delay > 10 for delay in delays) == counts["late"]
    assert sum(0 < delay <= 8 for delay in delays) == counts["out_of_order"] + counts["duplicate"]


def test_books_leave_the_trades_as_they_are() -> None:
    calm = replace(CLEAN, **dict.fromkeys(FAULTS, 0.0))
    with_books = [one for one in envelopes(DAY, 7, 3_000, calm) if one.channel != "quote"]
    assert len(with_books) == sum(len(one.price) for one in market_session(DAY, 7, 3_000))
