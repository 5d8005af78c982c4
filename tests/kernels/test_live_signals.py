"""Signals in the live fold: strategies enter, leave and vote at bars; what changes is told anew or taken back."""

import numpy as np
import pytest

from spark_apps.kernels import Kernels
from spark_apps.kernels.layouts import BOOK, COMPARISON, SIGNAL_OUT, STRATEGY, ClockFlag, Kind, Rows
from spark_apps.kernels.records import encode_parameters
from spark_apps.kernels.reference_bars import BarFold
from spark_apps.tables.indicators import CHOSEN
from spark_apps.tables.strategies import READABLE
from spark_apps.tables.strategy_model import Reads, Result, Role
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

CLOSE, VOLUME, SMA = READABLE.index("close"), READABLE.index("volume"), READABLE.index("sma_20")
LEAN = READABLE.index("depth_imbalance")
WITHDRAWN, FILTERED, OUTVOTED, DECISIVE = Result
# Strategy 2 holds from a close of 100 on.
RISES = [(2, Role.ENTER, 0, CLOSE, -1, 1.0, 100.0), (2, Role.LEAVE, 1, CLOSE, -1, 1.0, 100.0)]
# Strategy 5 sells below 90.
FALLS = [(5, Role.ENTER, 1, CLOSE, -1, 1.0, 90.0), (5, Role.LEAVE, 0, CLOSE, -1, 1.0, 90.0)]
Comparisons = list[tuple[int, Role, int, int, int, float, float]]


def book_of(
    comparisons: Comparisons, *strategies: tuple[int, int, int], begins: int = 0, threshold: int = 1, session: int = 0
) -> bytes:
    """Write a book; a signal is good for three bars."""
    head = np.array((session, 0, begins * SECOND, threshold, 3, 0, len(strategies), len(comparisons)), BOOK)
    return head.tobytes() + np.array(list(strategies), STRATEGY).tobytes() + np.array(comparisons, COMPARISON).tobytes()


def parameters(book: bytes, session: int = SESSION) -> bytes:
    """Send a book."""
    return encode_parameters(session, book)


BUYS = parameters(book_of(RISES, (2, 1, 1)))
# Strategy 7 holds while the book leans to the bid.
LEANS = [(7, Role.ENTER, 0, LEAN, -1, 1.0, 0.0), (7, Role.LEAVE, 1, LEAN, -1, 1.0, 0.0)]
FOLLOWS_THE_BOOK = parameters(book_of(LEANS, (7, 1, 1)))
TO_THE_BID, TO_THE_ASK = (5, 5, 30, 10), (5, 5, 10, 30)


@pytest.fixture
def fold(kernels: Kernels) -> BarFold:
    """Give an empty fold with the chosen indicators."""
    return kernels.BarFold(*PARAMETERS, CHOSEN)


def closes(*prices: float, first: int = 0, quantity: int = 10) -> list[bytes]:
    """Write a bar a minute, each with one trade, and the clock that closes it."""
    records = []
    for minute, price in enumerate(prices, first):
        records += [
            trades(entry(minute + 1, 60 * minute + 55, round(price * 10_000), quantity)),
            clock(60 * minute + 60),
        ]
    return records


def said(rows: dict[Kind, Rows]) -> list[tuple[int, ...]]:
    """Give (minute, strategy, revision, stance, score, target before, target, result) of each signal."""
    found = rows[Kind.SIGNAL]
    names = ["strategy", "revision", "stance", "score", "target_before", "target", "result"]
    return [
        (start // PARAMETERS[0], *row) for start, row in zip(found["bar_start"], found[names].tolist(), strict=True)
    ]


def test_a_strategy_enters_where_its_comparison_holds_and_leaves_where_the_other_does(fold: BarFold) -> None:
    out = feed(fold, OPEN, BUYS, *closes(99, 100, 101, 99))
    assert said(out) == [(1, 2, 0, 1, 1, 0, 1, DECISIVE), (3, 2, 0, 0, 0, 1, 0, DECISIVE)]
    (first, _) = out[Kind.SIGNAL]
    assert first[["instrument_id", "session_date", "expires_at", "available_at", "needs_approval"]].item() == (
        1, SESSION, 300 * SECOND, 120 * SECOND, 0,
    )  # fmt: skip


def test_without_a_book_there_are_no_signals(fold: BarFold) -> None:
    assert said(feed(fold, OPEN, *closes(99, 100, 101, 99))) == []


def test_votes_below_the_threshold_move_no_target_and_sellers_vote_against_buyers(fold: BarFold) -> None:
    votes = parameters(book_of([*RISES, *FALLS], (2, 1, 2), (5, -1, 3), threshold=3))
    assert said(feed(fold, OPEN, votes, *closes(100, 80, 95))) == [
        (0, 2, 0, 1, 2, 0, 0, OUTVOTED),
        (1, 2, 0, 0, -3, 0, -1, DECISIVE), (1, 5, 0, -1, -3, 0, -1, DECISIVE),
        (2, 5, 0, 0, 0, -1, 0, DECISIVE),
    ]  # fmt: skip


def test_what_its_filter_keeps_back_has_no_vote_and_is_proposed_once(fold: BarFold) -> None:
    filtered = [*RISES, (2, Role.FILTER, 0, VOLUME, -1, 1.0, 20.0)]
    out = feed(
        fold, OPEN, parameters(book_of(filtered, (2, 1, 1))), *closes(100, 101, 99), *closes(100, first=3, quantity=20)
    )
    assert said(out) == [
        (0, 2, 0, 1, 0, 0, 0, FILTERED), (2, 2, 0, 0, 0, 0, 0, FILTERED), (3, 2, 0, 1, 1, 0, 1, DECISIVE),
    ]  # fmt: skip


def test_a_number_that_is_missing_holds_in_no_comparison(fold: BarFold) -> None:
    warm = [(2, Role.ENTER, 0, CLOSE, SMA, 1.0, 0.0), (2, Role.LEAVE, 1, CLOSE, SMA, 1.0, 0.0)]
    out = feed(fold, OPEN, parameters(book_of(warm, (2, 1, 1))), *closes(*range(100, 122)))
    assert said(out) == [(19, 2, 0, 1, 1, 0, 1, DECISIVE)]


def test_a_comparison_scales_and_moves_what_it_compares_with(fold: BarFold) -> None:
    twice = [(2, Role.ENTER, 0, CLOSE, VOLUME, 2.0, 5.0), (2, Role.LEAVE, 1, CLOSE, VOLUME, 2.0, 5.0)]
    out = feed(fold, OPEN, parameters(book_of(twice, (2, 1, 1))), *closes(24.9, 25))
    assert said(out) == [(1, 2, 0, 1, 1, 0, 1, DECISIVE)]


def test_a_strategy_reads_what_quotes_say_of_the_bar_and_nothing_before_the_first(fold: BarFold) -> None:
    books = [quotes(quote(1, 70, 99, 101, TO_THE_BID)), quotes(quote(2, 130, 99, 101, TO_THE_ASK))]
    (first, second, third) = (closes(100, first=minute) for minute in range(3))
    out = feed(fold, OPEN, FOLLOWS_THE_BOOK, *first, books[0], *second, books[1], *third)
    assert said(out) == [(1, 7, 0, 1, 1, 0, 1, DECISIVE), (2, 7, 0, 0, 0, 1, 0, DECISIVE)]


def test_a_late_quote_changes_signals_of_its_bar_and_of_those_behind_and_leaves_indicators(kernels: Kernels) -> None:
    fold = kernels.BarFold(60 * SECOND, 100 * SECOND, 120 * SECOND, 20, 3, 7, CHOSEN)
    feed(fold, OPEN, FOLLOWS_THE_BOOK, quotes(quote(1, 5, 99, 101, TO_THE_ASK)), *closes(100, 101))
    out = feed(fold, quotes(quote(2, 50, 99, 101, TO_THE_BID)), offset=20)
    assert (len(out[Kind.QUOTED]), len(out[Kind.INDICATOR])) == (2, 0)
    assert said(out) == [(0, 7, 0, 1, 1, 0, 1, DECISIVE)]
    taken_back = feed(fold, quotes(quote(3, 51, 99, 101, TO_THE_ASK)), offset=21)
    assert said(taken_back) == [(0, 7, 1, 0, 0, 0, 0, WITHDRAWN)]


def test_what_quotes_said_of_a_bar_goes_with_the_state(kernels: Kernels, fold: BarFold) -> None:
    feed(fold, OPEN, FOLLOWS_THE_BOOK, quotes(quote(1, 5, 99, 101, TO_THE_BID)), *closes(100))
    again = kernels.BarFold(*PARAMETERS, CHOSEN)
    again.restore(fold.touched())
    # Twelve minutes on the first bar is final: that the strategy stands is known by its numbers alone.
    assert said(feed(again, *closes(101, first=12), offset=20)) == []
    assert said(feed(again, quotes(quote(2, 785, 99, 101, TO_THE_ASK)), *closes(101, first=13), offset=30)) == [
        (13, 7, 0, 0, 0, 1, 0, DECISIVE)
    ]


def test_a_correction_takes_a_signal_back_and_the_next_bar_says_it(fold: BarFold) -> None:
    feed(fold, OPEN, BUYS, *closes(99, 100))
    undone = feed(fold, corrections(entry(9, 115, 990_000, corrects_seq=2)), offset=20)
    assert said(undone) == [(1, 2, 1, 0, 0, 0, 0, WITHDRAWN)]
    assert said(feed(fold, *closes(101, first=2), offset=30)) == [(2, 2, 0, 1, 1, 0, 1, DECISIVE)]


def test_a_correction_that_makes_a_signal_after_all_tells_it_anew(fold: BarFold) -> None:
    feed(fold, OPEN, BUYS, *closes(99, 100), corrections(entry(9, 115, 990_000, corrects_seq=2)))
    again = feed(fold, corrections(entry(10, 116, 1_020_000, corrects_seq=2)), offset=20)
    assert said(again) == [(1, 2, 2, 1, 1, 0, 1, DECISIVE)]


def test_a_change_that_no_strategy_minds_tells_no_signal_anew(fold: BarFold) -> None:
    feed(fold, OPEN, BUYS, *closes(99, 100))
    out = feed(fold, corrections(entry(9, 115, 1_010_000, corrects_seq=2)), offset=20)
    assert (len(out[Kind.INDICATOR]), said(out)) == (1, [])


def test_a_session_opens_without_stances_and_books(fold: BarFold) -> None:
    feed(fold, OPEN, BUYS, *closes(100))
    opening = clock(60, SESSION + 1, ClockFlag.OPENS)
    later = [trades(entry(1, 65, 1_010_000, session_date=SESSION + 1)), clock(120, SESSION + 1)]
    assert said(feed(fold, opening, *later, offset=20)) == []
    again = parameters(book_of(RISES, (2, 1, 1), begins=120), SESSION + 1)
    more = [trades(entry(2, 125, 1_010_000, session_date=SESSION + 1)), clock(180, SESSION + 1)]
    assert said(feed(fold, again, *more, offset=30)) == [(2, 2, 0, 1, 1, 0, 1, DECISIVE)]


def test_bars_before_the_first_book_are_not_judged(kernels: Kernels) -> None:
    ids, days, starts = np.ones(2, np.int32), np.full(2, 20, np.int32), np.array([0, 60]) * SECOND
    inputs = np.full((2, len(READABLE)), 100.0)
    book = book_of(RISES, (2, 1, 1), begins=60)
    made = kernels.signals_of([book], ids, days, starts, inputs, 60 * SECOND, Reads.BAR).view(SIGNAL_OUT)
    assert made["bar_start"].tolist() == [60 * SECOND]


def test_the_batch_judge_opens_every_session_and_instrument_without_a_stance(kernels: Kernels) -> None:
    ids, days = np.array([1, 1, 1, 2], np.int32), np.array([20, 20, 21, 21], np.int32)
    starts = np.array([0, 60, 120, 180]) * SECOND
    inputs = np.full((4, len(READABLE)), np.nan)
    inputs[:, CLOSE] = 100
    book = book_of(RISES, (2, 1, 1))
    made = kernels.signals_of([book], ids, days, starts, inputs, 60 * SECOND, Reads.BAR).view(SIGNAL_OUT)
    assert made[["instrument_id", "session_date", "bar_start"]].tolist() == [
        (1, 20, 0), (1, 21, 120 * SECOND), (2, 21, 180 * SECOND),
    ]  # fmt: skip
    assert made["available_at"].tolist() == [60 * SECOND, 180 * SECOND, 240 * SECOND]
