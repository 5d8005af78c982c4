"""An index stays in silver and counts for nothing that trades."""

from pyspark.sql import SparkSession

from spark_apps.indicators.fold import fold_daily
from spark_apps.kernels import choose
from spark_apps.lake.folds import OPENING
from spark_apps.market.returns import build_returns
from spark_apps.rules.instruments import instrument_ids
from spark_apps.tables.daily import DAILY_PRICES
from tests.frames import rows

INDEX, SHARE = instrument_ids()["VNINDEX"], instrument_ids()["XANB"]


def test_returns_and_indicators_leave_indices_out(spark: SparkSession) -> None:
    held = {"adjusted_close": 10, "high": 10, "low": 10}
    prices = rows(spark, DAILY_PRICES, {"instrument_id": INDEX, **held}, {"instrument_id": SHARE, **held})
    folded = fold_daily(prices.toArrow(), OPENING.empty_table(), choose("preferred"))
    assert folded["instrument_id"].to_pylist() == [SHARE]
    assert [row.instrument_id for row in build_returns(prices).collect()] == [SHARE]
