"""Output records as Arrow tables, garbage included."""

from datetime import date
from decimal import Decimal

import numpy as np
import pytest

from spark_apps.kernels.layouts import BAR_OUT, TRADE_OUT, Kind
from spark_apps.kernels.outputs import LIVE_TABLES, output_tables
from spark_apps.kernels.reasons import Reason
from spark_apps.kernels.records import encode, join
from spark_apps.market.replay import replayed_columns


def test_prices_become_decimals_and_days_become_dates() -> None:
    bar = np.zeros(1, BAR_OUT)
    bar["session_date"], bar["open"], bar["value"] = 20_777, 12_345, 10**18 * 4
    row = output_tables(*join([encode(Kind.BAR, bar)]))[Kind.BAR].to_pylist()[0]
    assert (row["session_date"], row["open"]) == (date(2026, 11, 20), Decimal("1.2345"))
    assert row["value"] == Decimal("400000000000000.0000")


def test_garbage_stands_as_the_largest_that_its_column_holds() -> None:
    trade = np.zeros(1, TRADE_OUT)
    trade["reason"], trade["price"], trade["session_date"] = Reason.PRICE_IS_POSITIVE, -(2**63), 2**31 - 1
    row = output_tables(*join([encode(Kind.REFUSED, trade)]))[Kind.REFUSED].to_pylist()[0]
    assert row["price"] == Decimal("-99999999999999.9999")
    assert (row["session_date"], row["reason"]) == (date.max, "price_is_positive")


@pytest.mark.parametrize("number", [0, 37, 65_535])
def test_a_verdict_that_no_rule_has_is_named_by_its_number(number: int) -> None:
    trades = np.zeros(2, TRADE_OUT)
    trades["reason"] = Reason.PRICE_IS_POSITIVE, number
    refused = output_tables(*join([encode(Kind.REFUSED, trades[:1]), encode(Kind.REFUSED, trades[1:])]))[Kind.REFUSED]
    assert refused["reason"].to_pylist() == ["price_is_positive", f"unknown_rule_{number}"]


def test_every_table_finds_its_columns() -> None:
    tables = output_tables(*join([]))
    for kind, table in LIVE_TABLES.items():
        assert {column.name for column in replayed_columns(table)} <= set(tables[kind].column_names)
