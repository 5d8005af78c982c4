"""Views of what quotes say of bars: the live chain's last word, and where the night says otherwise."""

from typing import Any

from pyspark.sql import SparkSession

from spark_apps.lake.catalogue import run_sql
from spark_apps.settings import Settings
from spark_apps.tables.live import QUOTES_1M_LIVE
from spark_apps.tables.quotes import QUOTES_1M
from tests.frames import DAY
from tests.sql.test_catalogue import put

MINUTE = 60_000_000_000
FIGURES = {"bid": 99, "ask": 101, "quote_count": 3, "order_flow": -5, "spread_bps": 20.0, "depth_imbalance": None}


def quoted(minute: int, **given: Any) -> dict[str, Any]:
    """Say what quotes tell of the bar of instrument 1 in a minute."""
    return {"instrument_id": 1, "session_date": DAY, "bar_start": minute * MINUTE, **FIGURES, **given}


def test_the_last_revision_is_the_word_and_one_that_was_taken_back_is_none(
    spark: SparkSession, settings: Settings
) -> None:
    first = quoted(1, generation=1, revision=0, input_offset=1)
    again = quoted(1, generation=1, revision=1, input_offset=2, order_flow=7)
    gone = quoted(2, generation=1, revision=1, input_offset=3, quote_count=-1)
    put(spark, settings, QUOTES_1M_LIVE, first, again, gone)
    (row,) = run_sql(spark, settings, "SELECT symbol, minute(bar_time) AS at, order_flow FROM live_quotes").collect()
    assert (row.symbol, row.at, row.order_flow) == ("XANB", 1, 7)


def test_live_and_batch_differ_where_a_figure_or_a_row_does(spark: SparkSession, settings: Settings) -> None:
    live = [quoted(minute, generation=1, input_offset=minute) for minute in (1, 2, 3)]
    batch = [quoted(1), quoted(2, depth_imbalance=0.5), quoted(4)]
    put(spark, settings, QUOTES_1M_LIVE, *live)
    put(spark, settings, QUOTES_1M, *batch)
    asked = "SELECT minute(bar_time), difference FROM live_quotes_against_batch ORDER BY bar_time"
    assert [tuple(row) for row in run_sql(spark, settings, asked).collect()] == [
        (2, "figures differ"),
        (3, "only live"),
        (4, "only batch"),
    ]
