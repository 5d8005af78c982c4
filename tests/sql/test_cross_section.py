"""Views of how bars stand among each other: the live chain's last word, and where the night says otherwise."""

from typing import Any

from pyspark.sql import SparkSession

from spark_apps.lake.catalogue import run_sql
from spark_apps.settings import Settings
from spark_apps.tables.features import CROSS_SECTION_1M
from spark_apps.tables.live import CROSS_SECTION_1M_LIVE
from tests.frames import DAY
from tests.sql.test_catalogue import put

MINUTE = 60_000_000_000
NUMBERS = {"peers": 3, "move_15": 0.1, "move_rank_15": 0.5, "value_rank": 0.5, "market_correlation_30": None}


def standing(minute: int, **given: Any) -> dict[str, Any]:
    """Say how the bar of instrument 1 stands in a minute."""
    return {"instrument_id": 1, "session_date": DAY, "bar_start": minute * MINUTE, **NUMBERS, **given}


def test_the_last_revision_is_the_word_and_one_that_was_taken_back_is_none(
    spark: SparkSession, settings: Settings
) -> None:
    first = standing(1, generation=1, revision=0, input_offset=1)
    again = standing(1, generation=1, revision=1, input_offset=2, move_rank_15=1.0)
    gone = standing(2, generation=1, revision=1, input_offset=3, peers=-1)
    put(spark, settings, CROSS_SECTION_1M_LIVE, first, again, gone)
    (row,) = run_sql(
        spark, settings, "SELECT symbol, minute(bar_time) AS at, move_rank_15 FROM live_cross_section"
    ).collect()
    assert (row.symbol, row.at, row.move_rank_15) == ("XANB", 1, 1.0)


def test_live_and_batch_differ_where_a_number_or_a_row_does(spark: SparkSession, settings: Settings) -> None:
    live = [standing(minute, generation=1, input_offset=minute) for minute in (1, 2, 3)]
    batch = [standing(1), standing(2, value_rank=0.75), standing(4)]
    put(spark, settings, CROSS_SECTION_1M_LIVE, *live)
    put(spark, settings, CROSS_SECTION_1M, *batch)
    asked = "SELECT minute(bar_time), difference FROM live_cross_section_against_batch ORDER BY bar_time"
    assert [tuple(row) for row in run_sql(spark, settings, asked).collect()] == [
        (2, "numbers differ"),
        (3, "only live"),
        (4, "only batch"),
    ]
