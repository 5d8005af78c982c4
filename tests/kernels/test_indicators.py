"""The indicator fold: the twin's bits, and the same however rows are cut, ordered and laid side by side."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from spark_apps.errors import RuleViolated, SchemaMismatch, StateMismatch
from spark_apps.kernels import Kernels, choose, state_hash
from spark_apps.kernels.layouts import Ints
from spark_apps.kernels.reference_indicator_state import LAYOUT
from spark_apps.kernels.reference_indicators import IndicatorFold, Reals
from spark_apps.kernels.sections import INDICATOR_FOLD, SECTION, seal
from spark_apps.tables.indicators import ALL_INDICATORS, CHOSEN
from tests.kernels.walks import Walk, smooth_walk, walk

NATIVE = choose("preferred")
NAMES = [indicator.name for indicator in ALL_INDICATORS]
Folded = tuple[Reals, Ints, Ints]


def same(one: Folded, other: Folded) -> bool:
    """Compare to the bit: values and hashes."""
    return all(a.tobytes() == b.tobytes() for a, b in zip(one, other, strict=True))


def in_parts(fold: IndicatorFold, walked: Walk, cuts: list[int]) -> Folded:
    """Fold part by part and lay the results end to end."""
    parts = [fold.apply(*walked.part(start, end)) for start, end in pairwise(cuts)]
    values, opening, closing = (np.concatenate(columns) for columns in zip(*parts, strict=True))
    return np.asfortranarray(values), opening, closing


def test_the_first_value_comes_after_the_declared_rows_and_none_is_missing_later(kernels: Kernels) -> None:
    values, _, _ = kernels.IndicatorFold(NAMES).apply(*smooth_walk(1, 120))
    for place, indicator in enumerate(ALL_INDICATORS):
        assert np.isnan(values[:, place]).tolist() == [row < indicator.warm_up for row in range(120)], indicator.name


def test_a_flat_price_divides_nothing_by_nothing(kernels: Kernels) -> None:
    ones = np.ones(120)
    values, _, _ = kernels.IndicatorFold(NAMES).apply(
        np.ones(120, np.int32), ones, ones, ones, ones, np.zeros(120, np.int64)
    )
    last = dict(zip(NAMES, values[-1].tolist(), strict=True))
    assert [last[name] for name in CHOSEN] == [1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 1, 1, 0]
    assert np.isfinite(values[-1]).all()


def test_a_price_of_nothing_divides_nothing(kernels: Kernels) -> None:
    zeros = np.zeros(120)
    values, _, _ = kernels.IndicatorFold(NAMES).apply(
        np.ones(120, np.int32), zeros, zeros, -zeros, zeros, np.ones(120, np.int64)
    )
    assert np.isfinite(values[-1]).all()


@settings(deadline=None, max_examples=25)
@given(some.integers(0, 10**6), some.integers(0, 120), some.integers(1, 4), some.floats(0, 1), some.data())
def test_twin_and_chunks_agree_to_the_bit(
    seed: int, size: int, instruments: int, flat: float, data: some.DataObject
) -> None:
    walked, keys = walk(seed, size, instruments, flat, idle=flat), range(1, instruments + 1)
    names = data.draw(some.lists(some.sampled_from(NAMES), unique=True, min_size=1, max_size=12))
    cuts = sorted({0, size, *data.draw(some.lists(some.integers(0, size), max_size=4))})
    twin, whole, part = choose("off").IndicatorFold(names), NATIVE.IndicatorFold(names), NATIVE.IndicatorFold(names)
    expected = twin.apply(*walked)
    assert same(expected, whole.apply(*walked))
    for start, end in pairwise(cuts):
        fresh = NATIVE.IndicatorFold(names)
        for key in keys:
            fresh.restore(key, part.state(key))
        part = fresh
        found = part.apply(*walked.part(start, end))
        assert same(tuple(column[start:end] for column in expected), found)  # type: ignore[arg-type]  # three columns
    assert [twin.state(key) for key in keys] == [whole.state(key) for key in keys] == [part.state(key) for key in keys]


@pytest.mark.parametrize("seed", range(3))
def test_every_indicator_has_the_bits_of_its_twin(seed: int) -> None:
    walked = [walk(seed, 400, 2, 0.3, idle=0.2), walk(seed, 400, 2, 0.9, idle=0.9), smooth_walk(seed, 400)][seed]
    twin, native = choose("off").IndicatorFold(NAMES), NATIVE.IndicatorFold(NAMES)
    assert same(twin.apply(*walked), native.apply(*walked))
    assert twin.state(1) == native.state(1)


@pytest.mark.parametrize("instruments", [1, 2, 7, 8, 9, 20])
def test_instruments_side_by_side_have_the_bits_of_each_alone(instruments: int) -> None:
    """Ragged lengths, some past the row where counts stop to matter, some not; rows mixed and rows sorted."""
    mixed = walk(instruments, 300 * instruments, instruments)
    mixed.instrument_id[: 150 * instruments : 7] = 1
    order = np.argsort(mixed.instrument_id, kind="stable")
    grouped = Walk(*(column[order] for column in mixed))  # type: ignore[arg-type]  # in order of the fields
    size, results = len(order), []
    for walked in (mixed, grouped):
        fold = NATIVE.IndicatorFold(NAMES)
        results.append((in_parts(fold, walked, [0, size // 3, size // 3 + 1, size // 2, size]), fold))
    alone = NATIVE.IndicatorFold(NAMES)
    for key in range(1, instruments + 1):
        rows = mixed.instrument_id == key
        values, opening, closing = alone.apply(*(column[rows] for column in mixed))
        for (found, fold), ids in zip(results, (mixed.instrument_id, grouped.instrument_id), strict=True):
            expected = (values, opening, closing)
            here = np.asfortranarray(found[0][ids == key]), found[1][ids == key], found[2][ids == key]
            assert same(expected, here)
            assert fold.state(key) == alone.state(key)


def test_row_by_row_is_the_same_as_all_at_once(kernels: Kernels) -> None:
    walked, names = walk(5, 100, instruments=2), NAMES[::6]
    whole = kernels.IndicatorFold(names).apply(*walked)
    assert same(whole, in_parts(kernels.IndicatorFold(names), walked, [*range(101)]))


def test_a_restored_fold_goes_on_to_the_bit(kernels: Kernels) -> None:
    walked, first, second = walk(4, 150, instruments=1), kernels.IndicatorFold(NAMES), kernels.IndicatorFold(NAMES)
    first.apply(*walked.part(0, 90))
    second.restore(1, first.state(1))
    assert same(first.apply(*walked.part(90, 150)), second.apply(*walked.part(90, 150)))


def test_a_choice_gives_the_columns_of_the_whole_in_the_order_asked_for(kernels: Kernels) -> None:
    walked, names = walk(6, 90, instruments=1), ["obv", "adx_14", "sma_20", "macd_signal_9"]
    everything, _, _ = kernels.IndicatorFold(NAMES).apply(*walked)
    chosen, _, _ = kernels.IndicatorFold(names).apply(*walked)
    assert chosen.tobytes() == np.stack([everything[:, NAMES.index(name)] for name in names], axis=1).tobytes()


def test_a_negative_zero_is_a_zero(kernels: Kernels) -> None:
    zeros, ids, volume = np.zeros(60), np.ones(60, np.int32), np.ones(60, np.int64)
    plain = kernels.IndicatorFold(NAMES).apply(ids, zeros, zeros, zeros, zeros, volume)
    assert same(plain, kernels.IndicatorFold(NAMES).apply(ids, -zeros, -zeros, -zeros, -zeros, volume))


def test_each_row_opens_where_the_last_one_closed(kernels: Kernels) -> None:
    fold = kernels.IndicatorFold(CHOSEN)
    _, opening, closing = fold.apply(*walk(2, 100, instruments=1))
    assert opening[0] == 0
    assert opening[1:].tolist() == closing[:-1].tolist()
    assert state_hash(fold.state(1)) == closing[-1]


@pytest.mark.parametrize("column", range(1, 6))
def test_one_changed_input_changes_every_later_hash(kernels: Kernels, column: int) -> None:
    walked = walk(2, 100, instruments=1)
    _, _, before = kernels.IndicatorFold(CHOSEN).apply(*walked)
    walked[column][40] += 1
    _, _, after = kernels.IndicatorFold(CHOSEN).apply(*walked)
    assert np.flatnonzero(before != after).tolist() == list(range(40, 100))


def test_an_instrument_without_a_past_has_no_state(kernels: Kernels) -> None:
    assert kernels.IndicatorFold(CHOSEN).state(1) == b""
    assert state_hash(b"") == 0


def test_an_empty_state_forgets(kernels: Kernels) -> None:
    fold = kernels.IndicatorFold(CHOSEN)
    fold.apply(*walk(1, 10, instruments=1))
    fold.restore(1, b"")
    assert fold.state(1) == b""


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("column", range(1, 5))
def test_a_price_that_is_not_finite_is_refused_before_anything_is_folded(
    kernels: Kernels, bad: float, column: int
) -> None:
    walked, fold = walk(1, 10, instruments=1), kernels.IndicatorFold(CHOSEN)
    walked[column][4] = bad
    with pytest.raises(RuleViolated, match="row 4"):
        fold.apply(*walked)
    assert fold.state(1) == b""


def test_columns_of_unequal_length_are_refused(kernels: Kernels) -> None:
    walked = walk(1, 10)
    with pytest.raises(SchemaMismatch, match="indicators"):
        kernels.IndicatorFold(CHOSEN).apply(*walked._replace(volume=walked.volume[:-1]))


@pytest.mark.parametrize("names", [["sma_20", "sma_21"], ["sma_21", "sma_20", "sma_21"]])
def test_a_name_that_is_none_is_refused(kernels: Kernels, names: list[str]) -> None:
    with pytest.raises(SchemaMismatch, match="'sma_21' is no indicator"):
        kernels.IndicatorFold(names)


def test_a_name_asked_for_twice_is_refused(kernels: Kernels) -> None:
    with pytest.raises(SchemaMismatch, match="'sma_20' is no indicator, or is asked for twice"):
        kernels.IndicatorFold(["sma_20", "obv", "sma_20"])


def test_a_state_of_another_choice_is_refused(kernels: Kernels) -> None:
    fold = kernels.IndicatorFold(["sma_20", "ema_20"])
    fold.apply(*walk(1, 40, instruments=1))
    with pytest.raises(StateMismatch, match="parameters is"):
        kernels.IndicatorFold(["sma_20"]).restore(1, fold.state(1))


def test_a_state_of_another_shape_is_refused(kernels: Kernels) -> None:
    fold = kernels.IndicatorFold(CHOSEN)
    fold.apply(*walk(1, 1, instruments=1))
    parameters = int(np.frombuffer(fold.state(1), SECTION, count=1)["parameters"][0])
    with pytest.raises(StateMismatch, match="state section 1"):
        fold.restore(1, seal(INDICATOR_FOLD, LAYOUT, parameters, bytes(8)))


def test_a_changed_byte_of_state_is_found(kernels: Kernels) -> None:
    fold = kernels.IndicatorFold(CHOSEN)
    fold.apply(*walk(1, 40, instruments=1))
    broken = bytearray(fold.state(1))
    broken[100] ^= 1
    with pytest.raises(StateMismatch, match="checksum"):
        fold.restore(1, bytes(broken))
