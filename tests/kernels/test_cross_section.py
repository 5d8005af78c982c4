"""How bars stand among others: the native kernel and its twin, to the bit, and against other people's maths."""

from typing import Any, cast

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from numpy.typing import NDArray

from spark_apps.errors import BadSetting, RuleViolated, SchemaMismatch
from spark_apps.kernels import Kernels, choose, reference
from spark_apps.kernels.reference_cross_section import LONGEST

NATIVE, TWIN = choose("preferred"), cast("Kernels", reference)
Bar = tuple[int, int, int, int]


def standings(kernels: Kernels, bars: list[Bar], move: int = 2, window: int = 3) -> dict[str, NDArray[Any]]:
    """Rank (start, instrument, close, value) bars."""
    start, instrument, close, value = (np.array([bar[place] for bar in bars], np.int64) for place in range(4))
    return kernels.cross_section(instrument.astype(np.int32), start, close, value, move, window)


def walk(seed: int, instruments: int = 12, minutes: int = 90) -> list[Bar]:
    """Walk at random: bars of instruments that begin at different minutes and miss some."""
    random = np.random.default_rng(seed)
    prices = 100_000 + 1_000 * np.cumsum(random.integers(-3, 4, (minutes, instruments)), axis=0)
    trades = random.random((minutes, instruments)) < 0.7
    begins = random.integers(0, 20, instruments)
    return [
        (60 * minute, 1 + one, int(prices[minute, one]), int(random.integers(1, 50)) * 10_000)
        for minute in range(minutes)
        for one in range(instruments)
        if trades[minute, one] and minute >= begins[one]
    ]


def test_no_bars_have_no_standings(kernels: Kernels) -> None:
    made = standings(kernels, [])
    assert {name: (len(values), str(values.dtype)) for name, values in made.items()} == {
        "peers": (0, "int32"),
        **dict.fromkeys(("move", "move_rank", "value_rank", "correlation", "beta"), (0, "float64")),
    }


def test_ranks_are_shares_of_the_others_and_ties_share(kernels: Kernels) -> None:
    first = [(0, one, 100, 1) for one in (1, 2, 3, 4)]
    second = [(60, 1, 110, 5), (60, 2, 120, 2), (60, 3, 110, 1), (60, 4, 90, 1)]
    made = standings(kernels, [*first, *second], move=1)
    assert made["peers"].tolist() == [0] * 4 + [4] * 4
    assert made["move_rank"][4:].tolist() == [0.5, 1.0, 0.5, 0.0]
    assert made["value_rank"].tolist() == [0.5] * 4 + [1.0, 2 / 3, 1 / 6, 1 / 6]
    assert made["move"][4:].tolist() == [110 / 100 - 1, 120 / 100 - 1, 110 / 100 - 1, 90 / 100 - 1]
    assert np.isnan(made["move"][:4]).all()


def test_one_alone_has_no_rank(kernels: Kernels) -> None:
    made = standings(kernels, [(0, 7, 10, 1), (60, 7, 20, 1)], move=1)
    assert made["move"][1] == 1.0
    assert np.isnan(made["move_rank"]).all() and np.isnan(made["value_rank"]).all()


def test_who_does_not_trade_in_a_minute_is_still_among_the_others(kernels: Kernels) -> None:
    made = standings(kernels, [(0, 1, 10, 1), (0, 2, 10, 1), (60, 1, 11, 1)], move=1)
    assert (made["peers"][2], made["move_rank"][2]) == (2, 1.0)


def test_who_never_moves_has_no_correlation_and_a_market_that_stands_still_no_beta(kernels: Kernels) -> None:
    rising = [(60 * minute, 1, 10 * 2**minute, 1) for minute in range(5)]
    still = [(60 * minute, 2, 10, 1) for minute in range(5)]
    made = standings(kernels, sorted(rising + still))
    assert np.isnan(made["correlation"]).all() and np.isnan(made["beta"]).all()  # both changes are always the same
    moving = [(60 * minute, 1, 10 + minute % 2, 1) for minute in range(5)]
    made = standings(kernels, sorted(moving + still))
    assert made["correlation"][6] == pytest.approx(1.0) and np.isnan(made["correlation"][7])
    assert made["beta"][6:8].tolist() == [pytest.approx(2.0), 0.0]


def by_pandas(bars: list[Bar], move: int, window: int) -> pd.DataFrame:
    """Say the same by pandas: closes as a matrix, windows that roll over it."""
    given = pd.DataFrame(bars, columns=["start", "id", "close", "value"])
    closes = given.pivot_table(index="start", columns="id", values="close").ffill()
    changes = closes / closes.shift(1) - 1
    moves = closes / closes.shift(move) - 1
    market = changes.mean(axis=1)
    values = given.pivot_table(index="start", columns="id", values="value").fillna(0).cumsum().where(closes.notna())

    def ranks(frame: pd.DataFrame) -> pd.DataFrame:
        return (frame.rank(axis=1) - 1).div(frame.count(axis=1) - 1, axis=0)

    spread = market.rolling(window).var()
    made = {
        "move": moves,
        "move_rank": ranks(moves),
        "value_rank": ranks(values),
        "correlation": changes.apply(lambda own: own.rolling(window).corr(market)),
        "beta": changes.apply(lambda own: own.rolling(window).cov(market) / spread),
    }
    places = pd.MultiIndex.from_frame(given[["start", "id"]])
    return pd.DataFrame({name: frame.stack(future_stack=True).reindex(places) for name, frame in made.items()})


@pytest.mark.parametrize("seed", range(5))
def test_the_numbers_are_those_of_pandas(kernels: Kernels, seed: int) -> None:
    bars = walk(seed)
    made, theirs = standings(kernels, bars, 15, 30), by_pandas(bars, 15, 30)
    for name in theirs.columns:
        assert np.count_nonzero(~np.isnan(made[name])) > 100, name
        np.testing.assert_allclose(made[name], theirs[name].to_numpy(), rtol=1e-9, atol=1e-12, err_msg=name)


@given(
    bars=some.lists(
        some.tuples(some.integers(0, 8), some.integers(1, 5), some.integers(1, 12), some.integers(0, 1 << 62)),
        unique_by=lambda bar: bar[:2],
        max_size=40,
    ),
    move=some.integers(1, 4),
    window=some.integers(1, 4),
)
@settings(max_examples=300, deadline=None)
def test_native_and_twin_give_the_same_bits(bars: list[Bar], move: int, window: int) -> None:
    native, twin = (standings(kernels, sorted(bars), move, window) for kernels in (NATIVE, TWIN))
    assert {name: values.tobytes() for name, values in native.items()} == {
        name: values.tobytes() for name, values in twin.items()
    }


def test_a_long_walk_gives_the_same_bits_too() -> None:
    native, twin = (standings(kernels, walk(9, minutes=120), 15, 30) for kernels in (NATIVE, TWIN))
    assert all(native[name].tobytes() == twin[name].tobytes() for name in native)


@pytest.mark.parametrize(
    ("bars", "words"),
    [
        ([(60, 1, 10, 1), (0, 2, 10, 1)], "row 1 is no bar after the one before it: instrument 2, start 0"),
        ([(0, 2, 10, 1), (0, 1, 10, 1)], "row 1 is no bar"),
        ([(0, 1, 10, 1), (0, 1, 10, 1)], "row 1 is no bar"),
        ([(0, 0, 10, 1)], "row 0 .* instrument 0"),
        ([(0, 1, 0, 1)], "row 0 .* close 0"),
        ([(0, 1, 10, -1)], "row 0 .* value -1. Sort the bars of one session"),
        ([(-1, 1, 10, 1)], "row 0 .* start -1"),
    ],
)
def test_rows_that_are_no_sorted_bars_are_refused_by_row(kernels: Kernels, bars: list[Bar], words: str) -> None:
    with pytest.raises(RuleViolated, match=f"cross_section: {words}"):
        standings(kernels, bars)


@pytest.mark.parametrize("minutes", [0, LONGEST + 1])
@pytest.mark.parametrize("name", ["move", "window"])
def test_a_look_back_that_is_none_is_refused(kernels: Kernels, name: str, minutes: int) -> None:
    with pytest.raises(BadSetting, match=f"cross_section: {name} is {minutes}; it must be between 1 and 1000"):
        standings(kernels, [], **{name: minutes})


def test_columns_of_different_lengths_are_refused(kernels: Kernels) -> None:
    one, two = np.ones(1, np.int64), np.ones(2, np.int64)
    with pytest.raises(SchemaMismatch, match="cross_section: columns"):
        kernels.cross_section(one.astype(np.int32), one, one, two, 1, 1)
