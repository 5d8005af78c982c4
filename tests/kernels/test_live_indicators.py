"""Indicators in the live fold: told with their bar, told anew when history changes, carried and seeded by session."""

import numpy as np
import pytest
from numpy.typing import NDArray

from spark_apps.errors import SchemaMismatch, StateMismatch
from spark_apps.kernels import Kernels
from spark_apps.kernels.layouts import ClockFlag, Kind, Rows
from spark_apps.kernels.reasons import Reason
from spark_apps.kernels.records import encode_seed
from spark_apps.kernels.reference_bars import BarFold
from spark_apps.tables.indicators import CHOSEN
from tests.kernels.session import OPEN, PARAMETERS, SECOND, SESSION, clock, corrections, entry, feed, trades

CLOSES = (100.0, 130.0, 90.0)


@pytest.fixture
def fold(kernels: Kernels) -> BarFold:
    """Give an empty fold with the chosen indicators."""
    return kernels.BarFold(*PARAMETERS, CHOSEN)


def bar(minute: int, close: float, **fields: int) -> bytes:
    """Write the one trade of a minute's bar."""
    return trades(entry(minute + 1, 60 * minute + 5, int(close * 10_000), **fields))


def expected(kernels: Kernels, *closes: float, state: bytes = b"") -> NDArray[np.float64]:
    """Give what the batch fold says of bars with one trade each."""
    fold, prices = kernels.IndicatorFold(CHOSEN), np.array(closes)
    fold.restore(1, state)
    size = len(closes)
    values, _, _ = fold.apply(np.ones(size, np.int32), prices, prices, prices, prices, np.full(size, 10, np.int64))
    return values


def seed_of(kernels: Kernels, rows: int = 40) -> bytes:
    """Give a state that is warm."""
    fold, prices = kernels.IndicatorFold(CHOSEN), np.arange(100, 100 + rows, dtype=np.float64)
    fold.apply(np.ones(rows, np.int32), prices, prices, prices, prices, np.arange(rows))
    return fold.state(1)


def told(rows: dict[Kind, Rows]) -> list[tuple[int, int]]:
    """Give (minute, revision) of each indicator row."""
    found = rows[Kind.INDICATOR]
    return [(start // PARAMETERS[0], revision) for start, revision in found[["bar_start", "revision"]].tolist()]


def same(rows: Rows, values: NDArray[np.float64]) -> bool:
    """Compare to the bit."""
    return bool(rows["values"].tobytes() == np.ascontiguousarray(values).tobytes())


def test_each_bar_is_followed_by_its_indicators(fold: BarFold, kernels: Kernels) -> None:
    minutes = (part for minute, close in enumerate(CLOSES) for part in (clock(60 * minute), bar(minute, close)))
    out = feed(fold, OPEN, encode_seed(1, SESSION, seed_of(kernels)), *minutes, clock(240))
    assert told(out) == [(0, 0), (1, 0), (2, 0)]
    assert same(out[Kind.INDICATOR], expected(kernels, *CLOSES, state=seed_of(kernels)))
    assert not np.isnan(out[Kind.INDICATOR]["values"]).any()
    assert out[Kind.INDICATOR]["opening_hash"][1:].tolist() == out[Kind.INDICATOR]["closing_hash"][:-1].tolist()


def test_a_change_of_a_bar_tells_it_and_every_later_one_anew(kernels: Kernels) -> None:
    fold = kernels.BarFold(PARAMETERS[0], 60 * SECOND, *PARAMETERS[2:], CHOSEN)
    feed(fold, OPEN, bar(0, 100), bar(1, 130), clock(120))
    out = feed(fold, trades(entry(9, 62, 1_200_000)), corrections(entry(10, 65, 900_000, corrects_seq=2)), offset=9)
    assert told(out) == [(1, 1), (1, 2)]
    out = feed(fold, clock(121), bar(2, 90), clock(180), trades(entry(11, 122, 950_000)), offset=19)
    assert told(out) == [(2, 0), (2, 1)]
    out = feed(fold, corrections(entry(12, 121, 800_000, corrects_seq=11)), offset=29)
    assert told(out) == [(2, 2)]


def test_a_bar_that_comes_late_tells_the_later_one_anew(kernels: Kernels) -> None:
    fold = kernels.BarFold(PARAMETERS[0], 120 * SECOND, *PARAMETERS[2:], CHOSEN)
    assert told(feed(fold, OPEN, bar(1, 130), clock(120))) == [(1, 0)]
    out = feed(fold, bar(0, 100), clock(121), offset=9)
    assert told(out) == [(0, 0), (1, 1)]
    assert len(out[Kind.BAR]) == 1


def test_a_bar_that_corrections_emptied_takes_its_indicators_back(fold: BarFold) -> None:
    feed(fold, OPEN, bar(0, 100), clock(60), trades(entry(2, 119)), clock(120))
    out = feed(fold, corrections(entry(3, 119, 1, 0, corrects_seq=2)), offset=9)[Kind.INDICATOR]
    assert (out["revision"].tolist(), np.isnan(out["values"]).all()) == ([1], True)
    assert out["opening_hash"] == out["closing_hash"]


def test_a_change_that_leaves_prices_and_volume_tells_no_indicator_anew(fold: BarFold) -> None:
    feed(fold, OPEN, trades(entry(1, 55, 90), entry(2, 56, 95), entry(3, 57, 110)), clock(60))
    out = feed(fold, corrections(entry(4, 56, 100, corrects_seq=2)), offset=9)
    assert (out[Kind.BAR]["value"].tolist(), told(out)) == ([3000], [])


def test_indicators_go_on_from_session_to_session(fold: BarFold, kernels: Kernels) -> None:
    feed(fold, OPEN, bar(0, 100), bar(1, 130), clock(120, flags=ClockFlag.ENDS))
    opening = clock(120, SESSION + 1, ClockFlag.OPENS)
    out = feed(fold, opening, bar(2, 90, session_date=SESSION + 1), clock(240, SESSION + 1), offset=9)
    assert same(out[Kind.INDICATOR], expected(kernels, *CLOSES)[-1:])


def test_a_seed_replaces_what_the_last_session_left(fold: BarFold, kernels: Kernels) -> None:
    feed(fold, OPEN, bar(0, 100), clock(120, flags=ClockFlag.ENDS))
    opening = (clock(120, SESSION + 1, ClockFlag.OPENS), encode_seed(1, SESSION + 1, seed_of(kernels)))
    out = feed(fold, *opening, bar(2, 90, session_date=SESSION + 1), clock(240, SESSION + 1), offset=9)
    assert same(out[Kind.INDICATOR], expected(kernels, 90, state=seed_of(kernels)))


@pytest.mark.parametrize(
    ("key", "session", "before", "cut", "reason"),
    [
        (1, SESSION, (), None, Reason.SEED_OPENS_ITS_SESSION),
        (1, SESSION + 1, (OPEN,), None, Reason.SEED_OPENS_ITS_SESSION),
        (0, SESSION, (OPEN,), None, Reason.SEED_OPENS_ITS_SESSION),
        (1, SESSION, (OPEN, bar(0, 1)), None, Reason.SEED_OPENS_ITS_SESSION),
        (1, SESSION, (OPEN,), -1, Reason.SEED_FITS_THE_FOLD),
        (1, SESSION, (OPEN,), 0, Reason.SEED_FITS_THE_FOLD),
    ],
    ids=["no session", "another session", "no instrument", "after a trade", "a byte lost", "nothing"],
)
def test_a_seed_that_does_not_belong_is_refused(
    fold: BarFold, kernels: Kernels, key: int, session: int, before: tuple[bytes, ...], cut: int | None, reason: Reason
) -> None:
    out = feed(fold, *before, encode_seed(key, session, seed_of(kernels)[:cut]))
    refused = out[Kind.REFUSED]
    assert refused[["instrument_id", "session_date", "reason"]].tolist() == [(key, session, reason)]


def test_the_indicators_have_a_section_of_their_own_that_changes_once_a_bar(fold: BarFold) -> None:
    feed(fold, OPEN, bar(0, 100), clock(60))
    assert [key for key, _ in fold.touched()] == [0, 1]
    feed(fold, clock(70), offset=9)
    assert [key for key, _ in fold.touched()] == [-1, 0, 1]
    feed(fold, clock(71), offset=19)
    assert [key for key, _ in fold.touched()] == [0]


@pytest.mark.parametrize("key", [-1, 0, 1])
def test_a_lost_byte_of_the_state_is_found(fold: BarFold, kernels: Kernels, key: int) -> None:
    feed(fold, OPEN, bar(0, 100), clock(70))
    sections = dict(fold.touched())
    again = kernels.BarFold(*PARAMETERS, CHOSEN)
    again.restore(sections.items())
    for cut in range(len(sections[key])):
        with pytest.raises(StateMismatch, match=f"state section {key}"):
            again.restore({**sections, key: sections[key][:cut]}.items())


def test_a_state_of_other_indicators_is_refused(fold: BarFold, kernels: Kernels) -> None:
    feed(fold, OPEN, bar(0, 100), clock(70))
    with pytest.raises(StateMismatch, match="parameters"):
        kernels.BarFold(*PARAMETERS, CHOSEN[:-1]).restore(fold.touched())


def test_a_name_that_no_indicator_has_is_refused(kernels: Kernels) -> None:
    with pytest.raises(SchemaMismatch, match="'rsi' is no indicator"):
        kernels.BarFold(*PARAMETERS, ("rsi",))
