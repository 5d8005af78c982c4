"""Books of strategies in the live fold: which bars they judge, what they move by themselves, and which are refused."""

import numpy as np
import pytest

from spark_apps.errors import SchemaMismatch, StateMismatch
from spark_apps.kernels import Kernels
from spark_apps.kernels.layouts import BOOK, Kind
from spark_apps.kernels.reasons import Reason
from spark_apps.kernels.reference_bar_state import BOOKS
from spark_apps.kernels.reference_bars import BarFold
from spark_apps.tables.indicators import CHOSEN
from spark_apps.tables.strategies import READABLE
from spark_apps.tables.strategy_model import NO_STRATEGY, Reads, Role
from tests.kernels.session import OPEN, PARAMETERS, SECOND, SESSION, feed
from tests.kernels.test_live_signals import (
    BUYS,
    CLOSE,
    DECISIVE,
    FALLS,
    FILTERED,
    OUTVOTED,
    RISES,
    VOLUME,
    book_of,
    closes,
    parameters,
    said,
)


@pytest.fixture
def fold(kernels: Kernels) -> BarFold:
    """Give an empty fold with the chosen indicators."""
    return kernels.BarFold(*PARAMETERS, CHOSEN)


def test_a_book_judges_from_its_first_bar_on_and_none_has_two(fold: BarFold) -> None:
    other = parameters(book_of([*FALLS], (5, -1, 1), begins=120))
    out = feed(fold, OPEN, BUYS, other, *closes(100, 101, 101, 80))
    # The buyer's stance ends with its book, whose hash its last row no longer bears.
    assert said(out) == [
        (0, 2, 0, 1, 1, 0, 1, DECISIVE), (2, 2, 0, 0, 0, 1, 0, DECISIVE), (3, 5, 0, -1, -1, 0, -1, DECISIVE),
    ]  # fmt: skip
    first, second, third = out[Kind.SIGNAL]["book_hash"]
    assert first != second == third


def test_a_book_that_moves_the_target_by_itself_says_so(fold: BarFold) -> None:
    stricter = parameters(book_of(RISES, (2, 1, 1), begins=60, threshold=2))
    out = feed(fold, OPEN, BUYS, stricter, *closes(100, 101))
    assert said(out) == [(0, 2, 0, 1, 1, 0, 1, DECISIVE), (1, NO_STRATEGY, 0, 0, 1, 1, 0, DECISIVE)]


def test_a_book_that_moves_the_target_says_so_beside_a_strategy_without_a_vote(fold: BarFold) -> None:
    # At the second bar the threshold falls, and a seller enters whom his filter keeps back.
    sells = [(5, Role.ENTER, 0, CLOSE, -1, 1.0, 100.0), (5, Role.LEAVE, 1, CLOSE, -1, 1.0, 0.0)]
    sells.append((5, Role.FILTER, 0, VOLUME, -1, 1.0, 99.0))
    strict = parameters(book_of(RISES, (2, 1, 1), threshold=2))
    easy = parameters(book_of([*RISES, *sells], (2, 1, 1), (5, -1, 1), begins=60))
    assert said(feed(fold, OPEN, strict, easy, *closes(100, 101))) == [
        (0, 2, 0, 1, 1, 0, 0, OUTVOTED),
        (1, NO_STRATEGY, 0, 0, 1, 0, 1, DECISIVE), (1, 5, 0, -1, 1, 0, 1, FILTERED),
    ]  # fmt: skip


def test_a_book_for_bars_that_were_given_is_refused(fold: BarFold) -> None:
    out = feed(fold, OPEN, BUYS, *closes(100, 101), parameters(book_of(FALLS, (5, -1, 1), begins=60)))
    assert out[Kind.REFUSED][["instrument_id", "session_date", "reason"]].tolist() == [
        (0, SESSION, Reason.PARAMETERS_COME_BEFORE_THEIR_BARS)
    ]
    assert said(feed(fold, *closes(99, first=2), offset=20)) == [(2, 2, 0, 0, 0, 1, 0, DECISIVE)]


def test_a_book_sent_again_is_passed_over(fold: BarFold) -> None:
    out = feed(fold, OPEN, BUYS, *closes(100), BUYS)
    assert len(out[Kind.REFUSED]) == 0


@pytest.mark.parametrize("session", [SESSION - 1, SESSION + 1])
def test_a_book_of_another_session_is_refused(fold: BarFold, session: int) -> None:
    out = feed(fold, OPEN, parameters(book_of(RISES, (2, 1, 1)), session))
    assert out[Kind.REFUSED]["reason"].tolist() == [Reason.PARAMETERS_COME_BEFORE_THEIR_BARS]


SOUND = book_of(RISES, (2, 1, 1))
ODD = {
    "cut off": SOUND[:-1],
    "too long": SOUND + b"\0",
    "no head": SOUND[:8],
    "a column too many": book_of([*RISES, (2, Role.FILTER, 0, len(READABLE), -1, 1.0, 0.0)], (2, 1, 1)),
    "a right column too many": book_of([*RISES, (2, Role.FILTER, 0, 0, len(READABLE), 1.0, 0.0)], (2, 1, 1)),
    "a column below none": book_of([*RISES, (2, Role.FILTER, 0, 0, -2, 1.0, 0.0)], (2, 1, 1)),
    "nobody's comparison": book_of([*RISES, *FALLS], (2, 1, 1)),
    "no way in": book_of(RISES[1:], (2, 1, 1)),
    "no way out": book_of(RISES[:1], (2, 1, 1)),
    "a side of two": book_of(RISES, (2, 2, 1)),
    "no weight": book_of(RISES, (2, 1, 0)),
    "twice": book_of(RISES, (2, 1, 1), (2, 1, 1)),
    "a number too high": book_of([(32, *each[1:]) for each in RISES], (32, 1, 1)),
    "no threshold": book_of(RISES, (2, 1, 1), threshold=0),
    "before 1970": book_of(RISES, (2, 1, 1), begins=-1),
}


@pytest.mark.parametrize("book", ODD.values(), ids=ODD)
def test_bytes_that_are_no_book_are_refused(fold: BarFold, kernels: Kernels, book: bytes) -> None:
    out = feed(fold, OPEN, parameters(book))
    has_head = len(book) >= BOOK.itemsize
    assert out[Kind.REFUSED]["reason"].tolist() == [
        Reason.PARAMETERS_FIT_THE_FOLD if has_head else Reason.RECORD_IS_READABLE
    ]
    nothing = np.zeros(0, np.int32)
    with pytest.raises(SchemaMismatch, match="signals: a book does not fit"):
        kernels.signals_of(
            [book], nothing, nothing, nothing.astype(np.int64), np.zeros((0, len(READABLE))), 60 * SECOND, Reads.BAR
        )


def test_a_restored_fold_goes_on_with_its_books_and_stances(fold: BarFold, kernels: Kernels) -> None:
    feed(fold, OPEN, BUYS, *closes(100, 101))
    again = kernels.BarFold(*PARAMETERS, CHOSEN)
    sections = dict(fold.touched())
    assert BOOKS in sections
    again.restore(sections.items())
    assert again.touched() == []
    assert said(feed(again, *closes(99, first=2), offset=20)) == [(2, 2, 0, 0, 0, 1, 0, DECISIVE)]


def test_a_lost_byte_of_the_books_is_found(fold: BarFold, kernels: Kernels) -> None:
    feed(fold, OPEN, BUYS)
    sections = dict(fold.touched())
    for cut in range(len(sections[BOOKS])):
        with pytest.raises(StateMismatch, match=f"state section {BOOKS}"):
            kernels.BarFold(*PARAMETERS, CHOSEN).restore({**sections, BOOKS: sections[BOOKS][:cut]}.items())
