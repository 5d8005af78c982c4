"""Returns on adjusted closes."""

from datetime import date, timedelta

import pytest
from pyspark.sql import SparkSession

from spark_apps.market.returns import build_returns
from spark_apps.tables.daily import DAILY_PRICES
from tests.frames import DAY, rows


def returns(spark: SparkSession, *prices: tuple[date, int]) -> list[float | None]:
    frame = rows(spark, DAILY_PRICES, *({"session_date": day, "adjusted_close": price} for day, price in prices))
    return [row.daily_return for row in build_returns(frame).orderBy("session_date").collect()]


def test_a_return_is_the_change_against_the_session_before(spark: SparkSession) -> None:
    assert returns(spark, (DAY, 10), (DAY + timedelta(3), 11)) == [None, pytest.approx(0.1)]


def test_a_price_older_than_thirty_days_is_no_base(spark: SparkSession) -> None:
    assert returns(spark, (DAY, 10), (DAY + timedelta(31), 11)) == [None, None]


def test_a_row_without_an_adjusted_close_above_zero_has_no_return(spark: SparkSession) -> None:
    assert returns(spark, (DAY, 10), (DAY + timedelta(1), 0), (DAY + timedelta(2), 5)) == [None, -0.5]
