"""Daily prices as the indicator fold takes them: what a file does not say is mended, and nothing else."""

from decimal import Decimal

import pytest
from pyspark.sql import SparkSession

from spark_apps.indicators.fold import fold_daily
from spark_apps.kernels import choose
from spark_apps.lake.folds import OPENING
from spark_apps.rules.instruments import instrument_ids
from spark_apps.tables.daily import DAILY_PRICES
from tests.frames import rows

# A close of 30 that a split made 10: their quotient has no end, so a scaled close would miss the adjusted one.
SHARE = {"instrument_id": instrument_ids()["XANB"], "close": Decimal(30), "adjusted_close": Decimal(10), "volume": 5}


def closing_hash(spark: SparkSession, prices: dict[str, Decimal | None]) -> int:
    """Fold one session; the hash of its state takes in every price of the bar."""
    given = rows(spark, DAILY_PRICES, SHARE | prices).toArrow()
    (row,) = fold_daily(given, OPENING.empty_table(), choose("preferred")).to_pylist()
    return int(row["closing_hash"])


@pytest.mark.parametrize("missing", [None, Decimal(0)])
@pytest.mark.parametrize("names", [("open",), ("open", "high", "low")])
def test_the_close_stands_for_a_price_that_is_missing(
    spark: SparkSession, names: tuple[str, ...], missing: Decimal | None
) -> None:
    whole: dict[str, Decimal | None] = dict.fromkeys(("open", "high", "low"), Decimal(30))
    assert closing_hash(spark, whole | dict.fromkeys(names, missing)) == closing_hash(spark, whole)
    assert closing_hash(spark, whole | dict.fromkeys(names, Decimal(27))) != closing_hash(spark, whole)
