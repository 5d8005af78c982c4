"""What quotes say of whole sessions at once: as the live fold says it, and what is refused."""

import numpy as np
import pytest

from spark_apps.errors import RuleViolated, SchemaMismatch
from spark_apps.kernels import Kernels
from spark_apps.kernels.layouts import FIGURES, QUOTE, QUOTED_OUT, ClockFlag, Kind, Rows
from spark_apps.kernels.reference_bars import BarFold
from tests.kernels.session import OPEN, SECOND, clock, entry, feed, quote, quotes, trades


def batch(kernels: Kernels, deals: list[tuple[int, float, int, int]], books: list[Rows]) -> Rows:
    """Give what the batch says of (instrument, second, price, quantity) and quotes, by the minute."""
    one, second, price, quantity = (np.array(column) for column in zip(*deals, strict=True))
    columns = (one.astype(np.int32), (second * SECOND).astype(np.int64), price, quantity)
    book = np.concatenate(books or [np.zeros(0, QUOTE)])
    return kernels.quotes_of(*columns, book.view(np.uint8), 60 * SECOND).view(QUOTED_OUT)


def test_the_batch_says_the_same_of_whole_sessions(kernels: Kernels, fold: BarFold) -> None:
    deals: list[tuple[int, float, int, int]] = [(1, 4, 101, 6), (1, 70, 99, 2), (2, 5, 100, 1), (3, 65, 100, 1)]
    books = [
        quote(1, 2),
        quote(2, 30, 98),
        quote(3, 69, 97),
        quote(1, 1, instrument_id=3),
        quote(1, 2, instrument_id=4),
    ]
    live = feed(
        fold,
        OPEN,
        quotes(*books),
        trades(
            *(
                entry(seq, second, price, size, instrument_id=one)
                for seq, (one, second, price, size) in enumerate(deals)
            )
        ),
        clock(200, flags=ClockFlag.ENDS),
    )[Kind.QUOTED]
    names = ["instrument_id", "session_date", "bar_start", *(FIGURES.names or ())]
    made = batch(kernels, deals, books)
    assert [(row["instrument_id"], row["bar_start"] // SECOND) for row in made] == [(1, 0), (1, 60), (3, 60)]
    in_order = np.sort(live, order=["instrument_id", "bar_start"])
    assert [in_order[name].tobytes() for name in names] == [made[name].tobytes() for name in names]
    assert made["available_at"].tolist() == [60 * SECOND, 120 * SECOND, 120 * SECOND]


def test_cancelled_trades_make_no_bar(kernels: Kernels) -> None:
    assert len(batch(kernels, [(1, 4, 101, 0)], [quote(1, 2)])) == 0


@pytest.mark.parametrize(
    ("what", "deals", "books"),
    [
        ("trade 1", [(1, 4, 101, 6), (1, 3, 101, 6)], []),
        ("trade 1", [(2, 4, 101, 6), (1, 5, 101, 6)], []),
        ("trade 0", [(1, 4, 0, 6)], []),
        ("trade 0", [(0, 4, 1, 6)], []),
        ("trade 0", [(1, -1, 1, 6)], []),
        ("quote 0", [(1, 4, 1, 6)], [quote(2, 1 << 33)]),
        ("trade 0", [(1, 4, 1 << 40, 1 << 40)], []),
        ("quote 1", [(1, 4, 1, 6)], [quote(2, 5), quote(1, 5)]),
        ("quote 1", [(1, 4, 1, 6)], [quote(2, 5), quote(2, 5)]),
        ("quote 1", [(1, 4, 1, 6)], [quote(2, 5, instrument_id=2), quote(2, 6)]),
        ("quote 0", [(1, 4, 1, 6)], [quote(2, 5, 0)]),
        ("quote 0", [(1, 4, 1, 6)], [quote(2, 5, instrument_id=0)]),
    ],
)
def test_the_batch_refuses_rows_that_do_not_follow(
    kernels: Kernels, what: str, deals: list[tuple[int, float, int, int]], books: list[Rows]
) -> None:
    with pytest.raises(RuleViolated, match=what):
        batch(kernels, deals, books)


def test_the_batch_refuses_columns_that_do_not_fit(kernels: Kernels) -> None:
    one = np.ones(1, np.int64)
    with pytest.raises(SchemaMismatch, match="quotes_of"):
        kernels.quotes_of(np.ones(2, np.int32), one, one, one, np.zeros(0, np.uint8), 60)
    with pytest.raises(SchemaMismatch, match="QUOTE rows"):
        kernels.quotes_of(np.ones(1, np.int32), one, one, one, np.zeros(79, np.uint8), 60)
