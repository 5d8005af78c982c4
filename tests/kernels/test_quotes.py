"""Quotes in the bar fold, by hand: what they say of a bar, and when that is said anew."""

import numpy as np
import pytest

from spark_apps.errors import StateMismatch
from spark_apps.kernels import Kernels
from spark_apps.kernels.layouts import QUOTE, ClockFlag, Kind, Rows
from spark_apps.kernels.reasons import QUOTE_REASONS, REASONS
from spark_apps.kernels.reference_bars import BarFold
from tests.kernels.session import (
    OPEN,
    PARAMETERS,
    SECOND,
    SESSION,
    clock,
    corrections,
    entry,
    feed,
    quote,
    quotes,
    trades,
)

NO_SIDE = (0, 0, 0, 0)


def said(rows: Rows, *names: str) -> list[tuple[float, ...]]:
    """Give (start in seconds, revision) of each row, then the named figures."""
    return [(int(row["bar_start"]) // SECOND, int(row["revision"]), *row[list(names)].item()) for row in rows]


def told(fold: BarFold, *records: bytes) -> Rows:
    """Fold records behind an opening; give what is said of quotes."""
    return feed(fold, OPEN, *records)[Kind.QUOTED]


def test_a_bar_has_the_book_at_its_end(fold: BarFold) -> None:
    book = quotes(quote(1, 5, 90, 110), quote(2, 50, 98, 104, (3, 7, 30, 10)), quote(3, 60, 1, 2))
    names = ("bid", "bid_quantity", "ask", "ask_quantity", "bid_depth", "ask_depth", "quote_count")
    rows = told(fold, trades(entry(1, 20)), book, clock(60))
    assert said(rows, *names) == [(0, 0, 98, 3, 104, 7, 30, 10, 2)]
    assert rows["quoted_at"].tolist() == [50 * SECOND]
    assert rows["spread_bps"][0] == pytest.approx(10_000 * 6 / 101)
    assert rows["depth_imbalance"][0] == 0.5


# Cont, Kukanov and Stoikov (2014), equation 4, each case by hand: the first quote is bid 99 for 10, ask 101 for 20.
@pytest.mark.parametrize(
    ("second", "flow"),
    [
        (quote(2, 6, 99, 101, (15, 20)), 5),
        (quote(2, 6, 100, 101, (4, 20)), 4),
        (quote(2, 6, 98, 101, (50, 20)), -10),
        (quote(2, 6, 99, 101, (10, 26)), -6),
        (quote(2, 6, 99, 100, (10, 3)), -3),
        (quote(2, 6, 99, 102, (10, 50)), 20),
        (quote(2, 6, 99, 0, (10, 0)), 20),
        (quote(2, 6, 0, 101, (0, 20)), -10),
    ],
    ids=["bid grows", "bid rises", "bid falls", "ask grows", "ask falls", "ask rises", "no ask left", "no bid left"],
)
def test_order_flow_is_what_came_to_the_bid_or_left_the_ask(fold: BarFold, second: Rows, flow: int) -> None:
    assert said(told(fold, trades(entry(1, 20)), quotes(quote(1, 5), second), clock(60)), "order_flow") == [
        (0, 0, flow)
    ]


def test_order_flow_goes_on_from_the_last_quote_of_the_bar_before(fold: BarFold) -> None:
    two = trades(entry(1, 20), entry(2, 80))
    rows = told(fold, two, quotes(quote(1, 50), quote(2, 70, sizes=(11, 20))), clock(120))
    assert said(rows, "order_flow", "quote_count") == [(0, 0, 0, 1), (60, 0, 1, 1)]


def test_trades_are_bought_above_the_middle_and_sold_below(fold: BarFold) -> None:
    several = trades(entry(1, 4, 101), entry(2, 5, 101, 7), entry(3, 6, 99, 3), entry(4, 7, 100, 2))
    row = told(fold, several, quotes(quote(1, 5)), clock(60))[0]
    assert (row["bought_volume"], row["sold_volume"]) == (7, 3)
    # Twice the distance from 100, by value: (7 + 3) * 2 * 1 of (7 + 3 + 2) * 100.
    assert row["effective_spread_bps"] == pytest.approx(10_000 * 20 / 1200)


def test_a_trade_without_two_sides_is_on_neither(fold: BarFold) -> None:
    row = told(fold, trades(entry(1, 6)), quotes(quote(1, 5, 99, 0, (10, 0))), clock(60))[0]
    assert (row["bought_volume"], row["sold_volume"], row["depth_imbalance"]) == (0, 0, 1.0)
    assert np.isnan(row["spread_bps"])
    assert np.isnan(row["effective_spread_bps"])


def test_an_empty_book_has_no_imbalance(fold: BarFold) -> None:
    row = told(fold, trades(entry(1, 6)), quotes(quote(1, 5, 0, 0, NO_SIDE)), clock(60))[0]
    assert np.isnan(row["depth_imbalance"])


def test_before_the_first_quote_nothing_is_said(fold: BarFold) -> None:
    assert len(told(fold, trades(entry(1, 20)), clock(60))) == 0


def test_a_session_opens_without_a_quote(fold: BarFold) -> None:
    tomorrow = clock(90_000, SESSION + 1, ClockFlag.OPENS)
    trade = trades(entry(1, 90_000, session_date=SESSION + 1))
    assert len(told(fold, quotes(quote(1, 5)), tomorrow, trade, clock(90_060, SESSION + 1))) == 0


def test_a_late_quote_revises_the_bars_that_say_something_else_now(fold: BarFold) -> None:
    two = trades(entry(1, 55), entry(2, 61))
    rows = told(fold, two, quotes(quote(1, 51)), clock(60), quotes(quote(2, 59, 100)), clock(120))
    assert said(rows, "bid", "quote_count") == [(0, 0, 99, 1), (0, 1, 100, 2), (60, 0, 100, 0)]
    assert rows["input_offset"].tolist() == [3, 4, 5]


def test_a_quote_that_changes_no_given_bar_says_nothing(fold: BarFold) -> None:
    assert len(told(fold, trades(entry(1, 55)), quotes(quote(1, 51)), clock(60), quotes(quote(2, 60, 100)))) == 1


def test_a_trade_that_comes_late_is_held_against_the_quote_of_its_time(fold: BarFold) -> None:
    book = quotes(quote(1, 50), quote(2, 57, 200, 300))
    rows = told(fold, book, trades(entry(1, 58, 250)), clock(60), trades(entry(2, 56, 101, 4)))
    assert said(rows, "bought_volume", "sold_volume") == [(0, 0, 0, 0), (0, 1, 4, 0)]


def test_what_is_settled_goes_on_counting(fold: BarFold) -> None:
    first = quotes(quote(1, 2), quote(2, 3, sizes=(12, 20)))
    rows = told(fold, first, trades(entry(1, 4, 101, 6)), clock(50), quotes(quote(3, 50, sizes=(15, 20))), clock(60))
    assert said(rows, "quote_count", "order_flow", "bought_volume") == [(0, 0, 3, 5, 6)]


def test_a_bar_that_corrections_emptied_takes_back_what_was_said(fold: BarFold) -> None:
    cancel = corrections(entry(2, 58, 100, 0, corrects_seq=1))
    rows = told(fold, trades(entry(1, 55)), quotes(quote(1, 51)), clock(60), cancel)
    assert said(rows, "bid", "quote_count") == [(0, 0, 99, 1), (0, 1, 0, -1)]


def test_nothing_is_taken_back_that_was_never_said(fold: BarFold) -> None:
    cancel = corrections(entry(2, 58, 100, 0, corrects_seq=1))
    assert len(told(fold, trades(entry(1, 55)), clock(60), cancel, quotes(quote(1, 52)))) == 0


@pytest.mark.parametrize(
    ("rule", "broken"),
    [
        ("bid_is_whole", quote(1, 5, verdict=20)),
        ("record_is_readable", quote(1, 5, instrument_id=0)),
        ("session_is_open", quote(1, 5, session_date=SESSION + 1)),
        ("event_is_not_ahead_of_clock", quote(1, 120.1)),
        ("sides_are_whole", quote(1, 5, bid=0)),
        ("sides_are_whole", quote(1, 5, ask=-1)),
        ("sides_are_whole", quote(1, 5, sizes=(0, 20))),
        ("sides_are_whole", quote(1, 5, sizes=(10, 20, 9, 20))),
        ("sides_are_whole", quote(1, 5, bid=1 << 40, sizes=(1 << 40, 20))),
    ],
)
def test_a_quote_that_breaks_a_rule_is_refused_by_name(fold: BarFold, rule: str, broken: Rows) -> None:
    rows = feed(fold, OPEN, quotes(broken))[Kind.REFUSED_QUOTE]
    assert [QUOTE_REASONS[reason] for reason in rows["reason"]] == [rule]
    assert rows[list(QUOTE.names or ())].tolist() == broken.tolist()


def test_quotes_come_late_and_twice_and_too_many_as_trades_do(fold: BarFold) -> None:
    full = quotes(*(quote(seq, 50 + seq) for seq in range(1, 7)))
    out = feed(fold, OPEN, clock(60), full, quotes(quote(1, 51), quote(9, 49.9)), trades(entry(1, 51)))
    assert [REASONS[one] for one in out[Kind.REFUSED_QUOTE]["reason"]] == ["tail_has_room"]
    assert out[Kind.DUPLICATE_QUOTE]["source_seq"].tolist() == [1]
    assert out[Kind.LATE_QUOTE]["source_seq"].tolist() == [9]
    assert len(out[Kind.DUPLICATE]) == 0


def test_a_quote_cut_off_is_one_refused_row(fold: BarFold) -> None:
    rows = feed(fold, OPEN, quotes(quote(1, 5))[:-1])[Kind.REFUSED]
    assert [REASONS[reason] for reason in rows["reason"]] == ["record_is_readable"]


# A bid that grows where it is cheap and then moves away brings its quantity each time; one that shrinks takes it.
@pytest.mark.parametrize(("sizes", "flow"), [((1, 1 << 56, 1), 2**63 - 1), ((1 << 56, 1, 1), 2 - 2**63)])
def test_sums_stay_at_the_highest_number(kernels: Kernels, sizes: tuple[int, ...], flow: int) -> None:
    fold = kernels.BarFold(60 * SECOND, 10 * SECOND, 0, 1000, 1, 0)
    moves = [(price, size) for _ in range(200) for price, size in zip((1, 1, 2), sizes, strict=True)]
    book = quotes(*(quote(seq, 0, bid, 9, (size, 1)) for seq, (bid, size) in enumerate(moves)))
    many = trades(*(entry(seq, 0, 9, 1 << 52) for seq in range(1000)))
    row = told(fold, book, many, clock(60))[0]
    assert (row["order_flow"], row["bought_volume"]) == (flow, 1000 << 52)
    assert row["effective_spread_bps"] == pytest.approx(20_000)


def test_what_is_remembered_of_quotes_comes_back(kernels: Kernels) -> None:
    before = (OPEN, quotes(quote(1, 2), quote(2, 55)), trades(entry(1, 4), entry(2, 56)), clock(60))
    after = (quotes(quote(3, 57, 100), quote(2, 55)), trades(entry(3, 58, 101)), clock(120, flags=ClockFlag.ENDS))
    whole, restored = kernels.BarFold(*PARAMETERS), kernels.BarFold(*PARAMETERS)
    feed(whole, *before)
    restored.restore(sections := whole.touched())
    assert {k: v.tolist() for k, v in feed(whole, *after).items()} == {
        k: v.tolist() for k, v in feed(restored, *after).items()
    }
    for cut in range(1, len(sections[1][1]), 8):
        with pytest.raises(StateMismatch, match="state section 1"):
            kernels.BarFold(*PARAMETERS).restore([sections[0], (1, sections[1][1][:-cut])])
