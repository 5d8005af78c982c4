"""Ticks, lots and bands against published examples. Prices in VND, as the examples are."""

from datetime import date

import pytest

from spark_apps.errors import RuleViolated
from spark_apps.rules.bands import price_band
from spark_apps.rules.lots import round_lot
from spark_apps.rules.ticks import UNIT, tick_size

TODAY = date(2026, 11, 20)


@pytest.mark.parametrize(
    ("exchange", "reference", "ceiling", "floor"),
    [
        ("HOSE", 9_800, 10_450, 9_120),
        ("HOSE", 9_970, 10_650, 9_280),
        ("HOSE", 10_000, 10_700, 9_300),
        ("HOSE", 10_400, 11_100, 9_680),
        ("HOSE", 10_700, 11_400, 9_960),
        ("HOSE", 13_000, 13_900, 12_100),
        ("HOSE", 26_800, 28_650, 24_950),
        ("HOSE", 48_100, 51_400, 44_750),
        ("HOSE", 49_900, 53_300, 46_450),
        ("HOSE", 53_700, 57_400, 49_950),
        ("HOSE", 110_600, 118_300, 102_900),
        ("HNX", 12_300, 13_500, 11_100),
        ("HNX", 4_500, 4_900, 4_100),
        ("HNX", 900, 1_000, 800),
        ("UPCOM", 12_300, 14_100, 10_500),
        ("UPCOM", 4_500, 5_100, 3_900),
        ("UPCOM", 500, 600, 400),
        ("UPCOM", 100, 200, 100),
    ],
)
def test_a_band_rounds_each_limit_to_the_tick_of_its_own_range(
    exchange: str, reference: int, ceiling: int, floor: int
) -> None:
    assert price_band(exchange, "share", reference * UNIT, TODAY) == (ceiling * UNIT, floor * UNIT)


def test_a_future_moves_seven_per_cent_in_tenths_of_a_point() -> None:
    assert price_band("DERIVATIVES", "future", 2053_6 * UNIT // 10, TODAY) == (2197_3 * UNIT // 10, 1909_9 * UNIT // 10)


def test_the_first_day_has_a_wider_band() -> None:
    assert price_band("HOSE", "share", 10_000 * UNIT, TODAY, is_first_day=True) == (12_000 * UNIT, 8_000 * UNIT)


def test_an_unknown_first_day_band_is_refused_by_name() -> None:
    with pytest.raises(RuleViolated, match=r"bands.csv: first_day_percent of HOSE on 2009-01-05 is not known"):
        price_band("HOSE", "share", 10_000 * UNIT, date(2009, 1, 5), is_first_day=True)


def test_the_band_widened_on_the_day_that_history_tells() -> None:
    assert price_band("HOSE", "share", 20_000 * UNIT, date(2013, 1, 14))[0] == 21_000 * UNIT
    assert price_band("HOSE", "share", 20_000 * UNIT, date(2013, 1, 15))[0] == 21_400 * UNIT


@pytest.mark.parametrize(("price", "tick"), [(9_990, 10), (10_000, 50), (49_950, 50), (50_000, 100), (250_000, 100)])
def test_a_hose_tick_belongs_to_the_range_of_the_price(price: int, tick: int) -> None:
    assert tick_size("HOSE", "share", price * UNIT, TODAY) == tick * UNIT


def test_hose_ticks_changed_in_september_2016() -> None:
    assert tick_size("HOSE", "share", 9_000 * UNIT, date(2016, 9, 9)) == 100 * UNIT
    assert tick_size("HOSE", "share", 9_000 * UNIT, date(2016, 9, 12)) == 10 * UNIT


def test_the_tick_of_an_unknown_exchange_is_refused() -> None:
    with pytest.raises(RuleViolated, match=r"ticks.csv: no row for an unknown exchange share"):
        tick_size("", "share", 9_000 * UNIT, TODAY)


def test_the_round_lot_of_hose_grew_in_2021() -> None:
    assert [round_lot("HOSE", date(2020, 12, 31)), round_lot("HOSE", date(2021, 1, 4))] == [10, 100]
    assert round_lot("DERIVATIVES", TODAY) == 1
