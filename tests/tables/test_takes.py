"""Tables that are made from the same rows part them: each row is taken by one of them."""

import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from spark_apps.tables.market import TICKS
from spark_apps.tables.quotes import QUOTES


@pytest.mark.parametrize(
    ("channel", "taken"),
    [("quote", (False, True)), ("trade", (True, False)), ("", (True, False)), (None, (True, False))],
)
def test_a_message_is_a_tick_or_a_quote(spark: SparkSession, channel: str | None, taken: tuple[bool, bool]) -> None:
    message = spark.createDataFrame([(channel,)], "channel STRING")
    (found,) = message.select(F.expr(TICKS.takes), F.expr(QUOTES.takes)).collect()
    assert tuple(found) == taken
