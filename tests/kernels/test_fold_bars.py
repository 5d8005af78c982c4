"""Whole sessions to bars at once."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from spark_apps.errors import BadSetting, RuleViolated, SchemaMismatch
from spark_apps.kernels import Kernels, choose, reference
from spark_apps.kernels.layouts import Ints

NATIVE = choose("preferred")


def fold(kernels: Kernels, rows: list[tuple[int, int, int, int, int]], width: int = 60) -> dict[str, list[int]]:
    """Fold (instrument, time, seq, price, quantity) rows."""
    instrument, time, seq, price, quantity = (np.array([row[place] for row in rows], np.int64) for place in range(5))
    bars = kernels.fold_bars(instrument.astype(np.int32), time, seq, price, quantity, width)
    assert {name: str(column.dtype) for name, column in bars.items() if column.dtype != np.int64} == {
        "instrument_id": "int32"
    }
    return {name: column.tolist() for name, column in bars.items()}


def test_no_trades_make_no_bars(kernels: Kernels) -> None:
    assert set(map(len, fold(kernels, []).values())) == {0}


def test_one_trade_makes_one_bar(kernels: Kernels) -> None:
    assert list(fold(kernels, [(5, 61, 1, 30, 2)]).values()) == [
        [5],
        [60],
        [30],
        [30],
        [30],
        [30],
        [2],
        [60],
        [1],
        [120],
    ]


def test_bars_come_by_instrument_then_start_however_trades_are_mixed(kernels: Kernels) -> None:
    mixed = [(7, 5, 1, 10, 1), (4000000, 6, 1, 20, 1), (7, 65, 2, 30, 1), (2, 70, 1, 40, 1)]
    bars = fold(kernels, mixed)
    assert list(zip(bars["instrument_id"], bars["bar_start"], strict=True)) == [(2, 60), (7, 0), (7, 60), (4000000, 0)]


def test_ties_follow_the_number_then_the_place(kernels: Kernels) -> None:
    bars = fold(kernels, [(1, 5, 9, 30, 1), (1, 5, 8, 10, 1), (1, 5, 8, 20, 1)])
    assert (bars["open"], bars["close"]) == ([10], [30])


def test_cancelled_trades_count_for_nothing(kernels: Kernels) -> None:
    assert fold(kernels, [(1, 5, 1, 10, 0), (1, 6, 2, 20, 3), (2, 5, 1, 10, 0)])["volume"] == [3]


def test_a_sum_beyond_int64_stays_at_the_highest(kernels: Kernels) -> None:
    bars = fold(kernels, [(1, 5, n, 1, 1 << 56) for n in range(200)] + [(1, 65, 1, 1, 7), (2, 5, 1, 1, 3)])
    assert bars["volume"] == bars["value"] == [2**63 - 1, 7, 3]


@pytest.mark.parametrize(
    "bad",
    [
        (0, 5, 1, 10, 1),
        (1, -1, 1, 10, 1),
        (1, (1 << 62) + 1, 1, 10, 1),
        (1, 5, 1, 0, 1),
        (1, 5, 1, 1, -1),
        (1, 5, 1, 1 << 40, 1 << 40),
    ],
)
def test_a_row_that_is_no_trade_is_named(kernels: Kernels, bad: tuple[int, int, int, int, int]) -> None:
    with pytest.raises(RuleViolated, match="row 2 is no trade"):
        fold(kernels, [(1, 5, 1, 10, 1), (1, 4, 1, 10, 1), bad])


def test_columns_of_unequal_length_are_refused(kernels: Kernels) -> None:
    two, one = np.ones(2, np.int64), np.ones(1, np.int64)
    with pytest.raises(SchemaMismatch, match="fold_bars"):
        kernels.fold_bars(two.astype(np.int32), two, two, one, two, 60)


def test_a_width_of_nothing_is_refused(kernels: Kernels) -> None:
    with pytest.raises(BadSetting, match="width is 0"):
        fold(kernels, [], width=0)


trade = some.tuples(
    some.integers(1, 4), some.integers(0, 200), some.integers(0, 5), some.integers(1, 9), some.integers(0, 4)
)


@settings(deadline=None)
@given(some.lists(trade, max_size=60), some.booleans(), some.integers(1, 100))
def test_both_give_the_same_bars(rows: list[tuple[int, int, int, int, int]], in_order: bool, width: int) -> None:
    given_rows = sorted(rows, key=lambda row: row[1:3]) if in_order else rows
    assert fold(choose("off"), given_rows, width) == fold(NATIVE, given_rows, width)


def test_columns_may_be_views(kernels: Kernels) -> None:
    wide: Ints = np.arange(1, 41).reshape(-1, 2)
    bars = kernels.fold_bars(np.ones(20, np.int32), wide[:, 0], wide[:, 0], wide[:, 1], wide[:, 1], 60)
    assert bars["trade_count"].tolist() == [20]


def test_the_twin_is_the_face_where_nothing_is_built() -> None:
    assert choose("off").fold_bars is reference.fold_bars
