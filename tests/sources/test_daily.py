"""Lines of daily files become numbers: units, dates, dirt."""

from datetime import date
from decimal import Decimal

import pytest
from pyspark.sql import DataFrame, Row, SparkSession

from spark_apps.rules.calendar import at
from spark_apps.rules.instruments import instrument_ids
from spark_apps.sources.cafef.parse import parse_daily_prices, parse_foreign_flows, parse_proprietary_flows
from spark_apps.sources.indices.parse import parse_index_prices
from spark_apps.tables.daily import DAILY_PRICES, FOREIGN_FLOWS, INDEX_PRICES, PROPRIETARY_FLOWS
from spark_apps.tables.model import Table
from spark_apps.tables.sources import DAILY_PRICE_LINES, FOREIGN_FLOW_LINES, INDEX_PRICE_LINES, PROPRIETARY_FLOW_LINES
from tests.frames import rows

DAY = date(2026, 11, 20)
PRICE = {
    "symbol": "XANB", "ngay": "20/11/2026", "giadieuchinh": "35.4", "giadongcua": "70.8", "khoiluongkhoplenh": "300",
    "giatrikhoplenh": "21240000.0", "klthoathuan": "0", "gtthoathuan": "0", "giamocua": "70.0", "giacaonhat": "71.05",
    "giathapnhat": "69.9",
}  # fmt: skip
FLOW = {"symbol": "XANB", "gtmua": "1000", "gtban": "2000"}


TOLD: dict[str, dict[str, str | None]] = {
    "plain": {},
    "exact": {"giadieuchinh": "8.8234567"},
    "index": {"symbol": "VNINDEX", "giadongcua": "1614.03"},
    "unknown": {"symbol": "XQQQ"},
    "whole": {"khoiluongkhoplenh": "300.0"},
    "large": {"khoiluongkhoplenh": "9e18"},
    "empty": {"giamocua": "", "giadieuchinh": None},
    "ngay: '2026-11-20' is no date": {"ngay": "2026-11-20"},
    "ngay: '31/02/2026' is no date": {"ngay": "31/02/2026"},
    "ngay: '' is no date": {"ngay": None},
    "giadongcua: '' is no DECIMAL(18,4)": {"giadongcua": ""},
    "giadongcua: '1,5' is no DECIMAL(18,4)": {"giadongcua": "1,5"},
    "giadongcua: 'NaN' is no DECIMAL(18,4)": {"giadongcua": "NaN"},
    "giacaonhat: '123456789012' is no DECIMAL(18,4)": {"giacaonhat": "123456789012"},
    "khoiluongkhoplenh: '300.5' is no BIGINT": {"khoiluongkhoplenh": "300.5"},
    "khoiluongkhoplenh: '9e19' is no BIGINT": {"khoiluongkhoplenh": "9e19"},
    "giatrikhoplenh: 'nhiều' is no DECIMAL(28,4)": {"giatrikhoplenh": "nhiều"},
    "giamocua: 'x' is no DECIMAL(18,4); giathapnhat: 'y' is no DECIMAL(18,4)": {"giamocua": "x", "giathapnhat": "y"},
}


@pytest.fixture(scope="module")
def prices(spark: SparkSession) -> dict[str, Row]:
    """Parse every told line in one query; named as it was told."""
    lines = [{**PRICE, **told, "file_name": name} for name, told in TOLD.items()]
    made = parse_daily_prices(rows(spark, DAILY_PRICE_LINES, *lines))
    return {row.file_name: row for row in made.collect()}


def test_thousand_vnd_become_vnd_exactly(prices: dict[str, Row]) -> None:
    found = prices["exact"]
    assert [found[name] for name in ("open", "high", "low", "close")] == [70_000, 71_050, 69_900, 70_800]
    assert found.adjusted_close == Decimal("8823.4567")
    assert (found.volume, found.value) == (300, Decimal("21240000"))


def test_a_row_knows_its_instrument_its_day_and_when_it_was_public(prices: dict[str, Row]) -> None:
    found = prices["plain"]
    assert (found.instrument_id, found.session_date, found.parse_error) == (1, DAY, None)
    assert found.available_at == at(DAY, "15:00")


def test_an_index_among_the_shares_stays_in_points(prices: dict[str, Row]) -> None:
    found = prices["index"]
    assert (found.instrument_id, found.close) == (instrument_ids()["VNINDEX"], Decimal("1614.03"))


def test_an_unknown_symbol_has_no_instrument(prices: dict[str, Row]) -> None:
    assert prices["unknown"].instrument_id is None


def test_a_volume_may_be_written_as_any_whole_number(prices: dict[str, Row]) -> None:
    assert (prices["whole"].volume, prices["large"].volume) == (300, 9 * 10**18)


def test_an_empty_text_is_nothing_where_it_may_be(prices: dict[str, Row]) -> None:
    found = prices["empty"]
    assert (found.open, found.adjusted_close, found.parse_error) == (None, None, None)


@pytest.mark.parametrize("message", [name for name in TOLD if ":" in name])
def test_a_text_that_cannot_be_read_is_named(prices: dict[str, Row], message: str) -> None:
    assert prices[message].parse_error == message


def test_foreign_flows_are_shares_and_vnd_and_a_share_of_millions_of_per_cent_is_unreadable(
    spark: SparkSession,
) -> None:
    text = {**FLOW, "ngay": "20/11/2026", "klmua": "10", "klban": "20", "roomconlai": "-575", "dangsohuu": "-0.48"}
    lines = rows(spark, FOREIGN_FLOW_LINES, text, {**text, "dangsohuu": "5719722.0", "row_number": 2})
    found, unreadable = parse_foreign_flows(lines).orderBy("row_number").collect()
    assert [found[name] for name in ("buy_volume", "sell_volume", "buy_value", "sell_value")] == [10, 20, 1000, 2000]
    assert (found.room_left, found.held_pct, found.parse_error) == (-575, Decimal("-0.48"), None)
    assert unreadable.parse_error == "dangsohuu: '5719722.0' is no DECIMAL(9,4)"


def test_proprietary_flows_are_shares_and_vnd(spark: SparkSession) -> None:
    text = {**FLOW, "date": "20/11/2026", "klcpmua": "10", "klcpban": "20"}
    found = parse_proprietary_flows(rows(spark, PROPRIETARY_FLOW_LINES, text)).first()
    assert found is not None
    assert (found.session_date, found.buy_volume, found.sell_value) == (DAY, 10, 2000)


def test_index_levels_stay_in_points(spark: SparkSession) -> None:
    text = {
        "symbol": "VN30",
        "time": "2026-11-20",
        "open": "1",
        "high": "2.5",
        "low": "1",
        "close": "2.25",
        "volume": "7",
    }
    found = parse_index_prices(rows(spark, INDEX_PRICE_LINES, text)).first()
    assert found is not None
    assert (found.index_code, found.session_date, found.close, found.volume) == ("VN30", DAY, Decimal("2.25"), 7)


def test_each_parser_gives_the_columns_of_its_table_in_order(spark: SparkSession) -> None:
    made: list[tuple[DataFrame, Table]] = [
        (parse_daily_prices(rows(spark, DAILY_PRICE_LINES)), DAILY_PRICES),
        (parse_foreign_flows(rows(spark, FOREIGN_FLOW_LINES)), FOREIGN_FLOWS),
        (parse_proprietary_flows(rows(spark, PROPRIETARY_FLOW_LINES)), PROPRIETARY_FLOWS),
        (parse_index_prices(rows(spark, INDEX_PRICE_LINES)), INDEX_PRICES),
    ]
    for frame, table in made:
        columns = [one for one in (*table.columns, *table.evidence) if one.name not in ("run_id", "warnings")]
        assert frame.dtypes == [(one.name, one.type.lower()) for one in columns]
