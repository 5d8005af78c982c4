"""What the views of latency say of clocks that the test wrote."""

from datetime import date
from typing import Any

import numpy as np
import pytest
from pyspark.sql import SparkSession

from spark_apps.kernels.layouts import ENTRY
from spark_apps.kernels.records import encode_clock, encode_trades
from spark_apps.lake.catalogue import run_sql
from spark_apps.settings import Settings
from spark_apps.tables.live import BARS_1M_LIVE, CROSS_SECTION_1M_LIVE
from spark_apps.tables.sources import FOLD_INPUT, MESSAGES
from tests.kernels.wire import encode_corrections
from tests.sql.test_catalogue import put

NINE = 1_795_140_000_000_000_000  # 2026-11-20 09:00 on the exchange's clock
SECOND = 1_000_000_000
MILLISECOND = 1_000_000
LAST_YEAR = NINE - 365 * 86_400 * SECOND


def trade(seq: int, event_time: int) -> Any:
    entries = np.zeros(1, ENTRY)
    entries["source_seq"], entries["event_time"] = seq, event_time
    return entries


def output(offset: int, moment: int = NINE, **other: Any) -> dict[str, Any]:
    """Give a live row that passed a clock every 10 ms from its cause on."""
    clocks = {
        name: NINE + place * 10 * MILLISECOND
        for place, name in enumerate(("caused_at", "folded_at", "emitted_at", "written_at"))
    }
    return {"input_offset": offset, "available_at": moment, **clocks, **other}


def caused(offset: int, record: bytes) -> dict[str, Any]:
    return {"topic_offset": offset, "record": record, "broker_time": NINE}


def test_a_number_is_read_lowest_byte_first(spark: SparkSession, settings: Settings) -> None:
    asked = "SELECT little_endian(X'0102'), little_endian(X'FEFFFFFFFFFFFFFF'), little_endian(NULL)"
    assert tuple(run_sql(spark, settings, asked).collect()[0]) == (513, -2, None)


def test_a_row_shows_what_the_exchange_and_the_feed_said_of_its_cause(spark: SparkSession, settings: Settings) -> None:
    put(spark, settings, BARS_1M_LIVE, output(1), output(2), output(3), output(4))
    records = (
        encode_trades(trade(7, NINE - 40 * MILLISECOND)),
        encode_corrections(trade(8, NINE - 50 * MILLISECOND)),
        encode_clock(NINE - MILLISECOND, 20_777),
        encode_trades(np.concatenate([trade(9, 5), trade(10, 6)])),  # many trades: which of them is not said
    )
    put(spark, settings, FOLD_INPUT, *(caused(offset, record) for offset, record in enumerate(records, 1)))
    sent = [(7, NINE - 40 * MILLISECOND, NINE - 30 * MILLISECOND), (8, NINE - 50 * MILLISECOND, NINE - 5)]
    again = (7, NINE - 40 * MILLISECOND, NINE + SECOND)
    places = ("source_seq", "event_time", "received_at")
    messages = [dict(zip(places, each, strict=True)) for each in (*sent, again)]
    put(spark, settings, MESSAGES, *({"topic_offset": place, **each} for place, each in enumerate(messages)))
    asked = "SELECT event_time, received_at FROM latency_ledger ORDER BY input_offset"
    assert [tuple(row) for row in run_sql(spark, settings, asked).collect()] == [
        *((event, received) for _, event, received in sent),
        (NINE - MILLISECOND, None),
        (None, None),
    ]


def test_a_standing_was_caused_by_the_market_second_that_all_partitions_reached(
    spark: SparkSession, settings: Settings
) -> None:
    put(spark, settings, CROSS_SECTION_1M_LIVE, output(1), output(2, LAST_YEAR, session_date=date(2025, 11, 20)))
    asked = "SELECT event_time, received_at, is_real_time FROM latency_ledger ORDER BY input_offset"
    assert [tuple(row) for row in run_sql(spark, settings, asked).collect()] == [
        (NINE, None, True),
        (None, None, False),
    ]


def test_a_record_of_another_topic_at_the_same_offset_is_no_cause(spark: SparkSession, settings: Settings) -> None:
    put(spark, settings, BARS_1M_LIVE, output(1))
    put(spark, settings, FOLD_INPUT, caused(1, encode_clock(NINE, 1)) | {"broker_time": NINE - SECOND, "topic": "old"})
    (row,) = run_sql(spark, settings, "SELECT * FROM latency_ledger").collect()
    assert (row.event_time, row.symbol, row.is_real_time) == (None, "XANB", True)


@pytest.mark.parametrize(
    ("moments", "is_real_time"),
    [((NINE, NINE - 3_500 * SECOND), True), ((NINE, NINE - 3_601 * SECOND), False), ((LAST_YEAR, LAST_YEAR), False)],
    ids=["paced", "played faster", "of another day"],
)
def test_a_replay_has_no_stage_that_begins_at_the_exchange(
    spark: SparkSession, settings: Settings, moments: tuple[int, int], is_real_time: bool
) -> None:
    put(spark, settings, BARS_1M_LIVE, *(output(place, moment) for place, moment in enumerate(moments, 1)))
    put(spark, settings, FOLD_INPUT, caused(1, encode_clock(NINE - SECOND, 20_777)))
    asked = "SELECT stage, p50_ms, outputs FROM latency_by_stage ORDER BY place"
    found = [tuple(row) for row in run_sql(spark, settings, asked).collect()]
    assert found[-5:] == [
        ("broker to fold", 10.0, 2),
        ("fold to output", 10.0, 2),
        ("output to Delta", 10.0, 2),
        ("broker to output", 20.0, 2),
        ("broker to Delta", 30.0, 2),
    ]
    assert found[:-5] == ([("exchange to broker", 1000.0, 1)] if is_real_time else [])


def test_stages_are_measured_by_session_and_unknown_clocks_left_out(spark: SparkSession, settings: Settings) -> None:
    put(
        spark,
        settings,
        BARS_1M_LIVE,
        *(output(place, caused_at=NINE - place * MILLISECOND) for place in range(101)),
        output(101, session_date=date(2026, 11, 19), caused_at=None, folded_at=None),
    )
    asked = "SELECT p50_ms, p95_ms, p99_ms, outputs FROM latency_by_stage WHERE stage = '{}' ORDER BY session_date"
    (told,) = run_sql(spark, settings, asked.format("broker to output")).collect()
    assert tuple(told) == (70.0, 115.0, 119.0, 101)
    counts = [row.outputs for row in run_sql(spark, settings, asked.format("output to Delta")).collect()]
    assert counts == [1, 101]
