"""The committed instruments."""

import csv
from datetime import date
from importlib.resources import files

import pytest

from spark_apps.rules import instruments

TODAY = date(2026, 11, 20)


def test_a_symbol_is_found_on_a_day_on_which_it_is_listed() -> None:
    future = instruments.by_symbol("VN30F1M", TODAY)
    assert future is not None
    assert (future.instrument_id, future.exchange, future.kind) == (100, "DERIVATIVES", "future")
    assert instruments.by_symbol("VN30F1M", date(2017, 8, 9)) is None


def test_an_unknown_symbol_is_none() -> None:
    assert instruments.by_symbol("XQQQ", TODAY) is None


def test_ids_and_symbols_are_unique() -> None:
    every = instruments.all_instruments()
    assert len({one.instrument_id for one in every}) == len({one.symbol for one in every}) == len(every)
    assert instruments.instrument_ids()["VNINDEX"] > 1000


def test_the_simulated_market_has_three_exchanges_and_vietnamese_names() -> None:
    simulated = instruments.simulated_instruments()
    assert [one.instrument_id for one in simulated] == list(range(1, 37))
    assert {one.exchange for one in simulated} == {"HOSE", "HNX", "UPCOM"}
    assert simulated[0].name == "Ngân hàng Thương mại Cổ phần Ánh Bình Minh"
    assert all(one.symbol.startswith("X") and len(one.symbol) == 4 for one in simulated)


@pytest.mark.parametrize("name", ["bands", "closures", "instruments", "lots", "phases", "ticks"])
def test_every_dated_row_ends_after_it_begins(name: str) -> None:
    text = files("spark_apps.rules").joinpath(f"data/{name}.csv").read_text(encoding="utf-8")
    for row in csv.DictReader(text.splitlines()):
        assert date.fromisoformat(row["valid_from"]) <= date.fromisoformat(row["valid_to"] or "9999-12-31"), row
        assert name == "instruments" or row["source"], row
