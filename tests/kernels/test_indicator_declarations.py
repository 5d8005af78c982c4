"""What the lists of indicators say is what the kernels and their twin do, and each is checked against an outsider."""

import pytest

from spark_apps.kernels import Kernels
from spark_apps.tables.indicator_model import read
from spark_apps.tables.indicators import ALL_INDICATORS
from tests.kernels import test_indicators_by_formula as formula
from tests.kernels import test_indicators_by_ta_lib as ta_lib
from tests.kernels import test_indicators_by_talipp as talipp
from tests.kernels.costs import operations


def test_names_warm_up_and_state_are_those_of_the_kernels(kernels: Kernels) -> None:
    declared = [(found.name, found.warm_up, found.words, found.past) for found in ALL_INDICATORS]
    assert kernels.indicator_outputs() == declared


def test_the_operations_are_those_of_the_twin() -> None:
    assert operations() == {found.name: found.operations for found in ALL_INDICATORS}


def test_every_indicator_is_compared_with_a_library_or_a_formula() -> None:
    checked = {name for family in (ta_lib.trend, ta_lib.momentum, ta_lib.volatility) for name in family(formula.WALK)}
    checked |= ta_lib.volume(formula.WALK).keys() | talipp.trend().keys() | talipp.others().keys()
    checked |= {n for part in (formula.trend, formula.momentum, formula.volatility, formula.volume) for n in part()}
    assert checked == {found.name for found in ALL_INDICATORS}


def test_there_are_at_least_eighty_in_four_families() -> None:
    assert len({found.name for found in ALL_INDICATORS}) >= 80
    assert {found.family for found in ALL_INDICATORS} == {"trend", "momentum", "volatility", "volume"}


@pytest.mark.parametrize("text", ["a: b", "a: b\nc\nprice | close | 0 | 0 | 0 | 0 | d", "a: b\n= c\nprice | close"])
def test_an_entry_that_does_not_read_so_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="indicator"):
        read("trend", text)
