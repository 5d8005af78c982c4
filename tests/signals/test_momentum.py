"""Momentum ranks by the year before last month."""

from datetime import timedelta

from pyspark.sql import Row, SparkSession

from spark_apps.signals.momentum import rank_momentum
from spark_apps.tables.daily import RETURNS_1D
from tests.frames import DAY, rows

YEAR_AGO, MONTH_AGO = DAY - timedelta(370), DAY - timedelta(40)


def ranked(spark: SparkSession, prices: dict[int, tuple[int, int]]) -> list[Row]:
    given = [
        {"instrument_id": instrument, "session_date": day, "adjusted_close": price}
        for instrument, (then, later) in prices.items()
        for day, price in ((YEAR_AGO, then), (MONTH_AGO, later), (DAY, 1))
    ]
    return (
        rank_momentum(rows(spark, RETURNS_1D, *given))
        .where(f"session_date = '{DAY}'")
        .orderBy("momentum_rank")
        .collect()
    )


def test_the_price_of_the_day_itself_does_not_count(spark: SparkSession) -> None:
    (row,) = ranked(spark, {1: (100, 150)})
    assert row.momentum == 0.5


def test_the_strongest_fifth_is_bought_and_the_weakest_avoided(spark: SparkSession) -> None:
    found = ranked(spark, {instrument: (100, 100 + instrument) for instrument in range(1, 11)})
    assert [row.instrument_id for row in found if row.position == 1] == [10, 9]
    assert [row.instrument_id for row in found if row.position == -1] == [2, 1]


def test_a_tie_goes_to_the_lower_instrument(spark: SparkSession) -> None:
    assert [row.instrument_id for row in ranked(spark, {2: (100, 110), 1: (10, 11)})] == [1, 2]


def test_an_instrument_without_a_price_a_year_ago_is_not_ranked(spark: SparkSession) -> None:
    frame = rows(spark, RETURNS_1D, {"session_date": MONTH_AGO}, {"session_date": DAY})
    assert rank_momentum(frame).count() == 0
