"""The simulated vendor: its messages, its dirt, and what our parser makes of both."""

import json
from collections import Counter
from dataclasses import replace
from datetime import date
from itertools import groupby
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark_apps.exchange.walk import market_session
from spark_apps.kernels.reasons import REASONS
from spark_apps.rules.calendar import session_of
from spark_apps.sources.admit import entries_of
from spark_apps.sources.envelope import RECEIPT_DELAY, Envelope
from spark_apps.sources.parse import parse_message
from spark_apps.sources.quote import Quote
from spark_apps.sources.sim.feed import envelopes
from spark_apps.sources.sim.messages import messages
from spark_apps.sources.sim.wire import CLEAN, SOME_DIRT, Dirt
from spark_apps.sources.trade import Trade, Unreadable

DAY = date(2026, 11, 20)
GOOD = {
    "symbol": "XANB", "price": 69800, "volume": 300, "seq": 7, "time": "2026-11-20T09:15:00.000001+07:00",
    "side": "buy", "ceiling": 74300, "floor": 64700, "tick": 100, "lot": 100,
}  # fmt: skip


def read(payload: bytes, channel: str = "trade") -> Trade | Quote | Unreadable:
    return parse_message("sim", channel, "json", payload, 7, 1_795_140_900_000_001_000, 1_795_140_900_005_001_000)


def about_trades(*arguments: Any) -> list[Envelope]:
    """Give the messages of one session that are not about the book."""
    return [one for one in envelopes(*arguments) if one.channel != "quote"]


def said(**other: object) -> bytes:
    return json.dumps({**GOOD, **other}).encode()


def verdict_of(payload: bytes, channel: str = "trade") -> str:
    time = 1_795_140_900_000_001_000
    (entry,) = entries_of([Envelope("sim", channel, 7, time, time + RECEIPT_DELAY, "json", 1, payload)])
    return REASONS.get(int(entry["verdict"]), "admitted")


def test_a_message_becomes_a_trade_with_its_own_limits() -> None:
    time = 1_795_140_900_000_001_000
    prices = (743_000_000, 647_000_000, 1_000_000)
    assert read(said()) == Trade("sim", 1, DAY, 7, None, time, 698_000_000, 300, "buy", *prices, 100)


def test_a_price_is_read_exactly_from_its_decimal_text() -> None:
    found = read(said().replace(b"69800", b"69800.1001"))
    assert isinstance(found, Trade)
    assert found.price == 698_001_001


def test_a_correction_names_the_trade_it_replaces() -> None:
    found = read(said(corrects=3, volume=0), "correction")
    assert isinstance(found, Trade)
    assert (found.corrects_seq, found.quantity) == (3, 0)


def test_an_added_field_is_passed_over() -> None:
    assert read(said(venue="XHOSE")) == read(said())


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"", "payload: not JSON"),
        (b"{", "payload: not JSON"),
        (b"[" * 100_000, "payload: not JSON"),
        (b"[1]", "payload: a JSON list, expected an object"),
        (b'{"symbol":"\xc3\x28"}', "payload: not UTF-8 at byte 11"),
        (said(symbol=12), "symbol: 12 is not a text"),
        (said(price="69800"), "price: '69800' is not a number"),
        (said(price=True), "price: True is not a number"),
        (said(price=None), "price: None is not a number"),
        (said().replace(b"69800", b"NaN"), "payload: not JSON"),
        (said().replace(b"69800", b"1e400"), "price: '1E+400' is out of range"),
        (said().replace(b"69800", b"0.00001"), "price: '0.00001' is not a number with at most 14 digits"),
        (said(price=10**15), "price: '1000000000000000' is not a number with at most 14 digits"),
        (said(volume=1.5), "volume: Decimal('1.5') is not a whole number that fits"),
        (said(volume=1 << 63), "volume: 9223372036854775808 is not a whole number that fits"),
        (said(side="short"), "side: 'short' is none of auction, buy, sell, unknown"),
        (said(tick=0), "tick: 0 is not above zero"),
        (said(lot=0), "lot: 0 is not above zero"),
        (said(time="20 November"), "time: '20 November' is not ISO 8601"),
        (said(time="2026-11-20T09:15:00"), "time: '2026-11-20T09:15:00' has no zone"),
        (said(time="9999-11-20T09:15:00+07:00"), "lies outside 1970 to 2116"),
        (said(seq=None), "seq: None is not a whole number that fits"),
        (said(seq=-1), "seq: -1 is below zero"),
    ],
)
def test_an_unreadable_message_says_which_field_and_value(payload: bytes, reason: str) -> None:
    found = read(payload)
    assert isinstance(found, Unreadable)
    assert reason in found.reason
    assert verdict_of(payload) == "record_is_readable"


def test_a_correction_without_a_target_is_unreadable() -> None:
    assert read(said(), "correction") == Unreadable("corrects: None is not a whole number that fits")


@pytest.mark.parametrize("target", [-1, -7])
def test_a_correction_of_a_number_below_zero_is_unreadable_and_no_live_trade(target: int) -> None:
    payload = said(corrects=target)
    assert read(payload, "correction") == Unreadable(f"corrects: {target} is below zero")
    assert verdict_of(payload, "correction") == "record_is_readable"


@pytest.mark.parametrize(
    ("payload", "rule"),
    [
        (said(), "admitted"),
        (said(symbol="XQQQ"), "instrument_is_known"),
        (said(time="2026-11-22T09:15:00+07:00"), "session_is_open"),
        (said(time="2027-11-19T09:15:00+07:00"), "event_is_not_ahead_of_receipt"),
        (said(price=0), "price_is_positive"),
        (said(volume=-300), "quantity_is_positive"),
        (said(volume=0), "quantity_is_positive"),
        (said(price=69_850), "price_is_on_tick"),
        (said(price=74_400), "price_is_within_band"),
        (said(price=64_600), "price_is_within_band"),
        (said(volume=150), "quantity_is_round_lot"),
        (said(time="2026-11-19T09:15:00+07:00"), "admitted"),
    ],
)
def test_the_feed_names_the_first_rule_that_a_message_breaks(payload: bytes, rule: str) -> None:
    assert verdict_of(payload) == rule


def test_a_cancel_may_have_quantity_zero() -> None:
    assert verdict_of(said(volume=0, corrects=3), "correction") == "admitted"


@pytest.mark.parametrize("field", ["payload", "source_seq", "event_time", "received_at"])
def test_a_message_without_its_envelope_is_unreadable(field: str) -> None:
    whole = {"payload": said(), "source_seq": 7, "event_time": 1, "received_at": 1, field: None}
    assert parse_message("sim", "trade", "json", **whole) == Unreadable(  # type: ignore[arg-type]  # that is the test
        "envelope: payload, source_seq, event_time or received_at is missing"
    )


def test_a_source_that_we_do_not_know_is_unreadable() -> None:
    found = parse_message("reuters", "trade", "json", said(), 7, 1, 1)
    assert found == Unreadable("envelope: no parser for source 'reuters', channel 'trade', 'json'")


def test_an_envelope_from_after_2116_is_unreadable() -> None:
    assert parse_message("sim", "trade", "json", said(), 7, 1 << 62, 1) == Unreadable(
        "envelope: event_time or received_at lies outside 1970 to 2116"
    )


def test_the_same_seed_gives_the_same_bytes() -> None:
    assert list(messages(DAY, 7, 3_000)) == list(messages(DAY, 7, 3_000))
    assert list(messages(DAY, 7, 3_000)) != list(messages(DAY, 8, 3_000))


def test_messages_leave_in_order_and_are_numbered_without_a_gap() -> None:
    sent = list(messages(DAY, 7, 3_000))
    assert [one.sent_at for one in sent] == sorted(one.sent_at for one in sent)
    numbers = sorted({(one.symbol, str(session_of(one.event_time)), one.source_seq) for one in sent})
    for _, group in groupby(numbers, key=lambda number: number[:2]):
        found = [seq for _, _, seq in group]
        assert found == list(range(1, len(found) + 1))


def test_a_clean_session_is_admitted_whole() -> None:
    sent = about_trades(DAY, 7, 3_000, CLEAN)
    assert not entries_of(sent)["verdict"].any()
    assert len(sent) == sum(len(trades.price) for trades in market_session(DAY, 7, 3_000))
    assert all(one.received_at == one.event_time + RECEIPT_DELAY for one in sent)


def test_each_kind_of_dirt_happens_as_often_as_it_says() -> None:
    sent = about_trades(DAY, 7, 3_000)
    trades = sum(len(one.price) for one in market_session(DAY, 7, 3_000))
    counts, verdicts = SOME_DIRT.counts(trades), Counter(entries_of(sent)["verdict"].tolist())
    found = {REASONS[number]: times for number, times in verdicts.items() if number}
    assert found == {
        "record_is_readable": counts["not_json"] + counts["bad_utf8"] + counts["wrong_type"],
        "instrument_is_known": counts["unknown_symbol"],
        "event_is_not_ahead_of_receipt": counts["next_year"],
        "quantity_is_positive": counts["negative_volume"],
        "price_is_on_tick": counts["off_tick"],
        "price_is_within_band": counts["outside_band"],
    }
    assert len(sent) - len({one.payload for one in sent}) == counts["duplicate"]
    assert sum(one.channel == "correction" for one in sent) == counts["correction"] + counts["cancel"]
    delays = [one.received_at - one.event_time - RECEIPT_DELAY for one in sent if session_of(one.event_time) == DAY]
    seconds = [delay // 10**9 for delay in delays if delay > 0]
    assert sum(delay > 10 for delay in seconds) == counts["late"]
    assert sum(0 < delay <= 8 for delay in seconds) == counts["out_of_order"] + counts["duplicate"]
    assert sum(session_of(one.event_time) == date(2026, 11, 19) for one in sent) == counts["yesterday"]


def test_corrections_end_at_the_true_trades() -> None:
    dirt = replace(CLEAN, correction=0.01, cancel=0.01, off_tick=0.01, negative_volume=0.01)
    entries = entries_of(about_trades(DAY, 7, 3_000, dirt))
    last: dict[tuple[int, int], int] = {}
    for entry in entries[entries["verdict"] == 0]:
        target = entry["corrects_seq"] if entry["corrects_seq"] >= 0 else entry["source_seq"]
        last[int(entry["instrument_id"]), int(target)] = int(entry["quantity"])
    true = {one.instrument.instrument_id: int(one.quantity.sum()) for one in market_session(DAY, 7, 3_000)}
    assert {one: sum(q for (who, _), q in last.items() if who == one) for one in true} == true


def test_no_dirt_at_all_may_be_asked_for() -> None:
    assert not any(CLEAN.counts(1_000_000).values())
    assert Dirt(late=0.5).counts(3)["late"] == 2


@given(st.binary(max_size=80) | st.text(max_size=40).map(str.encode))
def test_no_payload_whatever_makes_a_parser_raise(payload: bytes) -> None:
    time = 1_795_140_900_000_001_000
    for source, encoding in (("sim", "json"), ("vn30f", "csv")):
        assert isinstance(parse_message(source, "trade", encoding, payload, 1, time, time), Trade | Unreadable)


VALUES: st.SearchStrategy[object] = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.just([])
)


@given(st.dictionaries(st.sampled_from(sorted(GOOD)), VALUES, min_size=1))
def test_no_value_of_any_field_makes_parser_or_judge_raise(wrong: dict[str, object]) -> None:
    assert verdict_of(said(**wrong)) in {"admitted", *REASONS.values()}
