"""The state of the bar fold: it round trips, and what does not fit is refused."""

import numpy as np
import pytest

from spark_apps.errors import StateMismatch
from spark_apps.kernels import Kernels
from spark_apps.kernels.layouts import ClockFlag, Kind
from spark_apps.kernels.reference_bar_state import BOOKS, COUNTS, LAYOUT, SETTLED
from spark_apps.kernels.reference_bars import BarFold
from spark_apps.kernels.reference_indicator_state import IndicatorStage
from spark_apps.kernels.sections import BAR_FOLD, as_signed, parameter_hash, seal
from tests.kernels.session import OPEN, PARAMETERS, SESSION, clock, entry, feed, trades

SESSION_OF_TRADES = (OPEN, trades(entry(1, 5), entry(3, 55), entry(2, 57, source=2)), clock(60), trades(entry(7, 61)))


PARAMETER_HASH = parameter_hash((*PARAMETERS[:4], as_signed(IndicatorStage(()).parameters)))


@pytest.fixture
def sections(fold: BarFold) -> dict[int, bytes]:
    """Give the sections of a fold with a settled part, an emitted bar, a tail and two sources."""
    feed(fold, *SESSION_OF_TRADES)
    return dict(fold.touched())


def test_only_what_changed_is_touched(fold: BarFold) -> None:
    feed(fold, *SESSION_OF_TRADES)
    assert [key for key, _ in fold.touched()] == [0, 1]
    feed(fold, clock(60.5), offset=9)
    assert [key for key, _ in fold.touched()] == [0]


def test_a_restored_fold_goes_on_as_if_nothing_had_happened(kernels: Kernels, sections: dict[int, bytes]) -> None:
    whole, restored = kernels.BarFold(*PARAMETERS), kernels.BarFold(*PARAMETERS)
    feed(whole, *SESSION_OF_TRADES)
    whole.touched()
    restored.restore(sections.items())
    rest = (trades(entry(4, 56, 50), entry(3, 55)), clock(120, flags=ClockFlag.ENDS))
    assert {k: v.tolist() for k, v in feed(whole, *rest).items()} == {
        k: v.tolist() for k, v in feed(restored, *rest).items()
    }
    assert whole.touched() == restored.touched()


def test_no_sections_are_a_fold_without_a_past(fold: BarFold) -> None:
    feed(fold, *SESSION_OF_TRADES)
    fold.restore([])
    feed(fold, OPEN)
    assert [key for key, _ in fold.touched()] == [0]


def test_a_section_of_an_earlier_session_is_passed_over(kernels: Kernels, sections: dict[int, bytes]) -> None:
    fold = kernels.BarFold(*PARAMETERS)
    feed(fold, clock(0, SESSION + 1, ClockFlag.OPENS))
    fold.restore([*dict(fold.touched()).items(), (1, sections[1])])
    out = feed(fold, trades(entry(1, 5, session_date=SESSION + 1)))
    assert sum(map(len, out.values())) == 0


@pytest.mark.parametrize("key", [0, 1])
def test_a_lost_byte_is_found(kernels: Kernels, sections: dict[int, bytes], key: int) -> None:
    for cut in range(len(sections[key])):
        broken = {**sections, key: sections[key][:cut]}
        with pytest.raises(StateMismatch, match=f"state section {key}"):
            kernels.BarFold(*PARAMETERS).restore(broken.items())


@pytest.mark.parametrize("key", [0, 1])
def test_a_changed_byte_is_found(kernels: Kernels, sections: dict[int, bytes], key: int) -> None:
    for place in range(len(sections[key])):
        broken = bytearray(sections[key])
        broken[place] ^= 1
        with pytest.raises(StateMismatch, match="Start a new generation"):
            kernels.BarFold(*PARAMETERS).restore({**sections, key: bytes(broken)}.items())


@pytest.mark.parametrize(("key", "body"), [(0, bytes(23)), (0, bytes(25)), (1, bytes(35)), (1, b"\x14" + bytes(36))])
def test_a_body_of_another_shape_is_refused(
    kernels: Kernels, sections: dict[int, bytes], key: int, body: bytes
) -> None:
    broken = {**sections, key: seal(BAR_FOLD, LAYOUT, PARAMETER_HASH, body)}
    with pytest.raises(StateMismatch, match=f"state section {key}"):
        kernels.BarFold(*PARAMETERS).restore(broken.items())


def test_two_settled_bars_are_refused(kernels: Kernels, sections: dict[int, bytes]) -> None:
    body = np.array((SESSION, 2, 0, 0, 0, 0, (0, 0, 0)), COUNTS).tobytes() + bytes(2 * SETTLED.itemsize)
    broken = {**sections, 1: seal(BAR_FOLD, LAYOUT, PARAMETER_HASH, body)}
    with pytest.raises(StateMismatch, match="state section 1"):
        kernels.BarFold(*PARAMETERS).restore(broken.items())


@pytest.mark.parametrize("body", [b"\1\0\0\0\0", b"\0\0\0\0", b"\1"], ids=["no book", "no bytes", "no length"])
def test_a_section_of_books_that_holds_none_is_refused(
    kernels: Kernels, sections: dict[int, bytes], body: bytes
) -> None:
    broken = {**sections, BOOKS: seal(BAR_FOLD, LAYOUT, PARAMETER_HASH, body)}
    with pytest.raises(StateMismatch, match=f"state section {BOOKS}"):
        kernels.BarFold(*PARAMETERS).restore(broken.items())


def test_another_width_is_another_fold(kernels: Kernels, sections: dict[int, bytes]) -> None:
    with pytest.raises(StateMismatch, match="parameters"):
        kernels.BarFold(PARAMETERS[0] * 5, *PARAMETERS[1:]).restore(sections.items())


def test_sections_without_a_clock_are_refused(kernels: Kernels, sections: dict[int, bytes]) -> None:
    with pytest.raises(StateMismatch, match="section 0: it is missing"):
        kernels.BarFold(*PARAMETERS).restore([(1, sections[1])])


def test_an_instrument_newer_than_the_clock_is_refused(kernels: Kernels, sections: dict[int, bytes]) -> None:
    fold = kernels.BarFold(*PARAMETERS)
    feed(fold, clock(0, SESSION - 1, ClockFlag.OPENS))
    with pytest.raises(StateMismatch, match=f"session {SESSION} is after the clock's {SESSION - 1}"):
        fold.restore([*fold.touched(), (1, sections[1])])


def test_a_refused_state_leaves_the_fold_as_it_was(fold: BarFold, sections: dict[int, bytes]) -> None:
    with pytest.raises(StateMismatch):
        fold.restore([(0, sections[0]), (1, sections[1][:-1])])
    assert len(feed(fold, trades(entry(1, 59)), offset=9)[Kind.DUPLICATE]) == 1
    assert [key for key, _ in fold.touched()] == []
