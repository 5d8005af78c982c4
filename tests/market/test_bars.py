"""Wide bars are made of minutes."""

from pyspark.sql import SparkSession

from spark_apps.market.bars import MINUTE, build_session_bars, widen_bars
from spark_apps.tables.market import BARS_1M
from tests.frames import assert_rows, rows


def minute(number: int, price: int) -> dict[str, object]:
    prices = dict.fromkeys(("open", "high", "low", "close", "value"), price)
    return {"bar_start": number * MINUTE, "available_at": (number + 1) * MINUTE, "volume": 10, **prices}


def test_five_minutes_open_with_the_first_and_close_with_the_last(spark: SparkSession) -> None:
    wide = widen_bars(rows(spark, BARS_1M, minute(6, 12), minute(5, 11), minute(9, 10), minute(10, 20)), 5)
    whole = {"volume": 30, "value": 33, "trade_count": 3, "available_at": 10 * MINUTE, "bar_start": 5 * MINUTE}
    first = {"open": 11, "high": 12, "low": 10, "close": 10, **whole}
    second = minute(10, 20) | {"available_at": 15 * MINUTE}
    expected = rows(spark, BARS_1M, first, second).select(*wide.columns)
    assert_rows(wide, expected, ("bar_start",))


def test_a_session_bar_starts_with_its_first_minute(spark: SparkSession) -> None:
    (bar,) = build_session_bars(rows(spark, BARS_1M, minute(7, 12), minute(6, 11))).collect()
    assert (bar.bar_start, bar.open, bar.close, bar.available_at) == (6 * MINUTE, 11, 12, 8 * MINUTE)
