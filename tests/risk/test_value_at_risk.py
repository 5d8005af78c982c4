"""Value at risk against hand counts and against numpy."""

from datetime import timedelta
from decimal import Decimal

import numpy as np
import pytest
from pyspark.sql import Row, SparkSession

from spark_apps.errors import BadSetting
from spark_apps.risk.value_at_risk import build_value_at_risk
from spark_apps.rules.instruments import instrument_ids
from spark_apps.settings import Portfolio
from spark_apps.tables.daily import RETURNS_1D
from tests.frames import DAY, rows

IDS = instrument_ids()


def last_figures(
    spark: SparkSession, returns: dict[str, list[float]], weights: dict[str, str], value_vnd: int = 1_000_000
) -> Row:
    days = [
        DAY - timedelta(len(next(iter(returns.values()))) - place) for place in range(len(next(iter(returns.values()))))
    ]
    given = [
        {"instrument_id": IDS[symbol], "session_date": day, "daily_return": value}
        for symbol, values in returns.items()
        for day, value in zip(days, values, strict=True)
    ]
    portfolio = Portfolio(
        name="book", value_vnd=value_vnd, weights={key: Decimal(value) for key, value in weights.items()}
    )
    figures = build_value_at_risk(rows(spark, RETURNS_1D, *given), [portfolio])
    return figures.orderBy("session_date").collect()[-1]


def test_three_hundred_losses_counted_by_hand(spark: SparkSession) -> None:
    # Losses of 0.001 to 0.300: 99 % of 300 is 297, so the 297th; the worst 2.5 % are 8 losses, 0.293 to 0.300.
    found = last_figures(spark, {"XANB": [-place / 1000 for place in range(1, 301)]}, {"XANB": "1"})
    assert found.value_at_risk_99 == pytest.approx(0.297)
    assert found.expected_shortfall_975 == pytest.approx(0.2965)
    assert (found.value_at_risk_99_vnd, found.scenarios) == (297_000, 300)


def test_a_figure_in_vnd_is_rounded_once_and_half_up(spark: SparkSession) -> None:
    # As doubles, 0.29 times 50 is 14.499999999999998, and no double lies at 299999999999999999.7.
    assert last_figures(spark, {"XANB": [-0.29] * 250}, {"XANB": "1"}, 50).value_at_risk_99_vnd == 15
    large = last_figures(spark, {"XANB": [-0.3] * 250}, {"XANB": "1"}, 10**18 - 7)
    assert large.value_at_risk_99_vnd == 299_999_999_999_999_998


def test_the_quantile_is_that_of_numpy(spark: SparkSession) -> None:
    returns = np.random.default_rng(3).normal(0, 0.02, 500)
    found = last_figures(spark, {"XANB": returns.tolist()}, {"XANB": "1"})
    assert found.value_at_risk_99 == np.quantile(-returns, 0.99, method="inverted_cdf")


def test_only_the_last_five_hundred_sessions_count(spark: SparkSession) -> None:
    found = last_figures(spark, {"XANB": [-0.9] * 100 + [0.01] * 500}, {"XANB": "1"})
    assert (found.value_at_risk_99, found.scenarios) == (-0.01, 500)


def test_weights_are_scaled_over_the_instruments_that_have_a_return(spark: SparkSession) -> None:
    returns = {"XANB": [-0.02] * 300, "XQTE": [-0.04] * 300}
    assert last_figures(spark, returns, {"XANB": "3", "XQTE": "1"}).value_at_risk_99 == pytest.approx(0.025)


def test_fewer_than_250_scenarios_give_no_figure(spark: SparkSession) -> None:
    with pytest.raises(IndexError):
        last_figures(spark, {"XANB": [0.01] * 249}, {"XANB": "1"})


@pytest.mark.parametrize("symbol", ["XQQQ", "VNINDEX"])
def test_a_symbol_that_nobody_can_hold_is_named_with_its_portfolio(spark: SparkSession, symbol: str) -> None:
    with pytest.raises(BadSetting, match=f"portfolio book holds {symbol}, which is no instrument that can be held"):
        last_figures(spark, {"XANB": [0.01] * 2}, {"XANB": "1", symbol: "1"})


def test_without_portfolios_there_are_no_figures(spark: SparkSession) -> None:
    figures = build_value_at_risk(rows(spark, RETURNS_1D, {"daily_return": 0.01}), [])
    assert (figures.count(), figures.columns[0]) == (0, "portfolio")
