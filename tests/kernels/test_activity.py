"""Where bars end that are as wide as what happens in them: both implementations, and other people's ways to cut."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from spark_apps.errors import BadSetting, RuleViolated, SchemaMismatch
from spark_apps.kernels import Kernels, choose
from spark_apps.kernels.layouts import AMOUNT_LIMIT, Ints
from spark_apps.kernels.reference_activity import LARGEST_BAR

NATIVE, TWIN = choose("preferred"), choose("off")
Row = tuple[int, int]


def ends(kernels: Kernels, rows: list[Row], size: int) -> tuple[list[int], list[int]]:
    """Cut (instrument, amount) rows."""
    instrument, amount = (np.array([row[place] for row in rows], np.int64) for place in range(2))
    places, full = kernels.bar_ends(instrument.astype(np.int32), amount, size)
    return places.tolist(), full.tolist()


def test_no_rows_have_no_bars(kernels: Kernels) -> None:
    assert ends(kernels, [], 1) == ([], [])


def test_the_row_that_fills_a_bar_is_its_last_and_goes_to_no_other(kernels: Kernels) -> None:
    rows = [(1, 60), (1, 50), (1, 250), (1, 99), (1, 1), (1, 10)]
    assert ends(kernels, rows, 100) == ([2, 3, 5, 6], [1, 1, 1, 0])


def test_every_instrument_begins_anew(kernels: Kernels) -> None:
    assert ends(kernels, [(1, 60), (2, 60), (2, 40), (7, 1)], 100) == ([1, 3, 4], [0, 1, 0])


def test_buyers_and_sellers_make_up_for_each_other(kernels: Kernels) -> None:
    rows = [(1, 60), (1, -50), (1, -80), (1, -30), (1, 0), (1, 100)]
    assert ends(kernels, rows, 100) == ([4, 6], [1, 1])


@pytest.mark.parametrize(("seed", "size"), [(1, 1), (2, 500), (3, 10_000), (4, 10**9)])
def test_volume_bars_are_those_of_a_running_total(kernels: Kernels, seed: int, size: int) -> None:
    """By the running total of one instrument: each bar ends at the first trade that lifts it by the size."""
    amount: Ints = np.random.default_rng(seed).integers(1, 2_000, 3_000)
    total, expected, reached = np.cumsum(amount), list[int](), 0
    while (end := int(np.searchsorted(total, reached + size)) + 1) <= len(total):
        expected.append(end)
        reached = int(total[end - 1])
    found, full = ends(kernels, [(1, each) for each in amount.tolist()], size)
    assert [end for end, is_full in zip(found, full, strict=True) if is_full] == expected
    assert (found[-1], len(found) - len(expected)) == (3_000, int(expected[-1:] != [3_000]))


@given(
    rows=some.lists(some.tuples(some.integers(1, 4), some.integers(-(1 << 56), 1 << 56)), max_size=60),
    size=some.integers(1, 1 << 60),
)
@settings(max_examples=300, deadline=None)
def test_native_and_twin_cut_alike_and_no_bar_goes_on_once_it_is_full(rows: list[Row], size: int) -> None:
    rows = sorted(rows, key=lambda row: row[0])
    found = ends(NATIVE, rows, size)
    assert found == ends(TWIN, rows, size)
    for first, end in pairwise([0, *found[0]]):
        amounts = [amount for _, amount in rows[first:end]]
        assert len({key for key, _ in rows[first:end]}) == 1
        assert all(abs(sum(amounts[:place])) < size for place in range(len(amounts)))
        assert (abs(sum(amounts)) >= size) == found[1][found[0].index(end)]


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([(0, 1)], "row 0 is no trade: instrument 0, amount 1"),
        ([(2, 1), (1, 5)], "row 1 is no trade: instrument 1, amount 5. Sort the trades of a session by instrument"),
        ([(1, AMOUNT_LIMIT), (1, AMOUNT_LIMIT + 1)], f"row 1 .* amount {AMOUNT_LIMIT + 1}"),
        ([(1, -AMOUNT_LIMIT - 1)], "row 0 is no trade"),
    ],
)
def test_rows_that_are_no_sorted_trades_are_refused_by_row(kernels: Kernels, rows: list[Row], words: str) -> None:
    with pytest.raises(RuleViolated, match=f"bar_ends: {words}"):
        ends(kernels, rows, 1)


@pytest.mark.parametrize("size", [0, -1, LARGEST_BAR + 1])
def test_a_size_that_no_bar_has_is_refused(kernels: Kernels, size: int) -> None:
    with pytest.raises(BadSetting, match=rf"bar_ends: size is {size}; .* \[bar_sizes\]"):
        ends(kernels, [(1, 1)], size)


def test_columns_of_unequal_length_are_refused(kernels: Kernels) -> None:
    one, two = np.ones(1, np.int64), np.ones(2, np.int64)
    with pytest.raises(SchemaMismatch, match="bar_ends: columns"):
        kernels.bar_ends(one.astype(np.int32), two, 1)
