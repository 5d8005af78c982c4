"""The indicator fold: TA-Lib's values, the twin's bits, and the same however rows are cut."""

from itertools import pairwise
from typing import NamedTuple, Self

import numpy as np
import pytest
import talib
from hypothesis import given, settings
from hypothesis import strategies as some
from numpy.typing import NDArray
from talib._ta_lib import MA_Type

from spark_apps.errors import RuleViolated, SchemaMismatch, StateMismatch
from spark_apps.kernels import Kernels, choose, state_hash
from spark_apps.kernels.records import Ints
from spark_apps.kernels.reference_indicators import LAYOUT, PARAMETERS, Reals
from spark_apps.kernels.sections import INDICATOR_FOLD, seal
from spark_apps.tables.indicators import INDICATORS

NATIVE = choose("preferred")


class Walk(NamedTuple):
    """Hold the columns of a random walk."""

    instrument_id: NDArray[np.int32]
    high: Reals
    low: Reals
    close: Reals
    volume: Ints

    def part(self, start: int, end: int) -> Self:
        """Cut rows out."""
        return type(self)(*(column[start:end] for column in self))  # type: ignore[arg-type]  # in order of the fields


def walk(seed: int, size: int, instruments: int = 3, flat: float = 0.1) -> Walk:
    """Walk on a grid of quarters, which doubles hold exactly, so that ties and flat stretches come as such."""
    random = np.random.default_rng(seed)
    steps = random.normal(0, 0.01, size) * (random.random(size) > flat)
    close = np.round(100 * np.exp(np.cumsum(steps))) / 4
    high, low = close + random.integers(0, 3, size) / 4, close - random.integers(0, 3, size) / 4
    ids = random.integers(1, instruments + 1, size).astype(np.int32)
    return Walk(ids, high, low, close, random.integers(0, 10**6, size))


def oracle(walked: Walk) -> Reals:
    """Compute the twelve columns by TA-Lib."""
    _, high, low, close, volume = walked
    traded = volume.astype(np.float64)
    macd, signal, _ = talib.MACD(close, 12, 26, 9)
    upper, _, lower = talib.BBANDS(close, 20, 2, 2)
    stochastic, _ = talib.STOCHF(high, low, close, 14, 1, MA_Type.SMA)
    columns = [talib.SMA(close, 20), talib.EMA(close, 20), talib.RSI(close, 14), macd, signal, upper, lower]
    columns += [talib.ATR(high, low, close, 14), talib.OBV(close, traded), talib.ROC(close, 10), stochastic]
    return np.column_stack([*columns, talib.MFI(high, low, close, traded, 14)])


@pytest.mark.parametrize("seed", range(5))
def test_values_are_those_of_ta_lib(kernels: Kernels, seed: int) -> None:
    walked = walk(seed, 2000, instruments=1)
    values, _, _ = kernels.IndicatorFold().apply(*walked)
    expected = oracle(walked)
    expected[:33, 3] = values[:33, 3]  # TA-Lib shows the line only once its signal is there
    np.testing.assert_allclose(values, expected, rtol=1e-9, atol=1e-9)


def test_warm_up_lasts_as_long_as_the_windows(kernels: Kernels) -> None:
    values, _, _ = kernels.IndicatorFold().apply(*walk(1, 60, instruments=1))
    first = np.argmax(~np.isnan(values), axis=0).tolist()
    assert first == [19, 19, 14, 25, 33, 19, 19, 14, 0, 10, 13, 14]
    assert len(INDICATORS) == values.shape[1]


def test_a_flat_price_divides_nothing_by_nothing(kernels: Kernels) -> None:
    ones = np.ones(50)
    values, _, _ = kernels.IndicatorFold().apply(np.ones(50, np.int32), ones, ones, ones, np.zeros(50, np.int64))
    assert values[-1].tolist() == [1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0]


def test_a_price_of_nothing_divides_nothing(kernels: Kernels) -> None:
    zeros = np.zeros(50)
    values, _, _ = kernels.IndicatorFold().apply(np.ones(50, np.int32), zeros, -zeros, zeros, np.ones(50, np.int64))
    assert values[-1, 9] == 0


@settings(deadline=None)
@given(some.integers(0, 10**6), some.integers(0, 150), some.integers(1, 4), some.floats(0, 1), some.data())
def test_twin_and_chunks_agree_to_the_bit(
    seed: int, size: int, instruments: int, flat: float, data: some.DataObject
) -> None:
    columns = walk(seed, size, instruments, flat)
    twin, whole, part = choose("off").IndicatorFold(), NATIVE.IndicatorFold(), NATIVE.IndicatorFold()
    expected, results, parts = twin.apply(*columns), whole.apply(*columns), []
    cuts = sorted({0, size, *data.draw(some.lists(some.integers(0, size), max_size=4))})
    for start, end in pairwise(cuts):
        fresh = NATIVE.IndicatorFold()
        for key in range(1, instruments + 1):
            fresh.restore(key, part.state(key))
        part = fresh
        parts.append(part.apply(*columns.part(start, end)))
    for place, column in enumerate(expected):
        assert column.tobytes() == results[place].tobytes()
        assert column.tobytes() == b"".join(chunk[place].tobytes() for chunk in parts)
    keys = range(1, instruments + 1)
    assert [twin.state(key) for key in keys] == [whole.state(key) for key in keys] == [part.state(key) for key in keys]


def test_each_row_opens_where_the_last_one_closed(kernels: Kernels) -> None:
    fold = kernels.IndicatorFold()
    _, opening, closing = fold.apply(*walk(2, 100, instruments=1))
    assert opening[0] == 0
    assert opening[1:].tolist() == closing[:-1].tolist()
    assert state_hash(fold.state(1)) == closing[-1]


def test_one_changed_volume_changes_every_later_hash(kernels: Kernels) -> None:
    ids, high, low, close, volume = walk(2, 100, instruments=1)
    _, _, before = kernels.IndicatorFold().apply(ids, high, low, close, volume)
    volume[40] += 1
    _, _, after = kernels.IndicatorFold().apply(ids, high, low, close, volume)
    assert np.flatnonzero(before != after).tolist() == list(range(40, 100))


def test_a_restored_fold_goes_on_to_the_bit(kernels: Kernels) -> None:
    walked, first, second = walk(4, 80, instruments=1), kernels.IndicatorFold(), kernels.IndicatorFold()
    first.apply(*walked.part(0, 50))
    second.restore(1, first.state(1))
    assert first.apply(*walked.part(50, 80))[0].tobytes() == second.apply(*walked.part(50, 80))[0].tobytes()


def test_an_instrument_without_a_past_has_no_state(kernels: Kernels) -> None:
    assert kernels.IndicatorFold().state(1) == b""
    assert state_hash(b"") == 0


def test_an_empty_state_forgets(kernels: Kernels) -> None:
    fold = kernels.IndicatorFold()
    fold.apply(*walk(1, 10, instruments=1))
    fold.restore(1, b"")
    assert fold.state(1) == b""


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("column", [0, 1, 2])
def test_a_price_that_is_not_finite_is_refused_before_anything_is_folded(
    kernels: Kernels, bad: float, column: int
) -> None:
    columns, fold = walk(1, 10, instruments=1), kernels.IndicatorFold()
    (columns.high, columns.low, columns.close)[column][4] = bad
    with pytest.raises(RuleViolated, match="row 4"):
        fold.apply(*columns)
    assert fold.state(1) == b""


def test_columns_of_unequal_length_are_refused(kernels: Kernels) -> None:
    ids, high, low, close, volume = walk(1, 10)
    with pytest.raises(SchemaMismatch, match="indicators"):
        kernels.IndicatorFold().apply(ids, high, low, close[:-1], volume)


def test_a_state_of_another_shape_is_refused(kernels: Kernels) -> None:
    with pytest.raises(StateMismatch, match="state section 1"):
        kernels.IndicatorFold().restore(1, seal(INDICATOR_FOLD, LAYOUT, PARAMETERS, bytes(8)))


def test_a_changed_byte_of_state_is_found(kernels: Kernels) -> None:
    fold = kernels.IndicatorFold()
    fold.apply(*walk(1, 40, instruments=1))
    broken = bytearray(fold.state(1))
    broken[100] ^= 1
    with pytest.raises(StateMismatch, match="checksum"):
        fold.restore(1, bytes(broken))
