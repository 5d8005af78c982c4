"""The day in one row."""

from pyspark.sql import SparkSession

from spark_apps.reports.daily import build_daily_report
from spark_apps.tables.daily import RETURNS_1D
from spark_apps.tables.decisions import MOMENTUM_1D, VALUE_AT_RISK
from tests.frames import rows


def test_breadth_extremes_and_risk_stand_in_one_row(spark: SparkSession) -> None:
    returns = rows(
        spark,
        RETURNS_1D,
        {"instrument_id": 3, "daily_return": 0.02, "volume": 10},
        {"instrument_id": 2, "daily_return": 0.02, "volume": 20},
        {"instrument_id": 5, "daily_return": -0.01, "volume": 30},
        {"instrument_id": 6, "daily_return": 0.0, "volume": 40},
        {"instrument_id": 7, "daily_return": None, "volume": 50},
    )
    momentum = rows(
        spark, MOMENTUM_1D, {"instrument_id": 6, "momentum_rank": 1}, {"instrument_id": 2, "momentum_rank": 2}
    )
    risk = rows(
        spark,
        VALUE_AT_RISK,
        {"portfolio": "b", "value_at_risk_99_vnd": 2},
        {"portfolio": "a", "value_at_risk_99_vnd": 1},
    )
    (day,) = build_daily_report(returns, momentum, risk).collect()
    assert (day.instruments, day.advances, day.declines, day.unchanged, day.volume) == (4, 2, 1, 1, 100)
    assert (day.best_instrument_id, day.worst_instrument_id, day.strongest_instrument_id) == (2, 5, 6)
    assert (day.portfolio, day.value_at_risk_99_vnd) == ("a", 1)
