"""Raw messages to ticks in Spark, and one answer of two engines to one rule."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from spark_apps.kernels.reasons import FIRST_FEED_REASON, QUOTE_REASONS, REASONS
from spark_apps.lake.quality import names_of_broken
from spark_apps.rules.calendar import at, exchange_date
from spark_apps.sources.admit import entries_of, verdicts
from spark_apps.sources.envelope import Envelope
from spark_apps.sources.messages import parse_quotes, parse_trades
from spark_apps.sources.quote import Quote
from spark_apps.sources.sim.feed import envelopes
from spark_apps.sources.trade import Trade
from spark_apps.tables.market import TICKS
from spark_apps.tables.model import Table
from spark_apps.tables.quotes import QUOTES
from spark_apps.tables.sources import MESSAGES
from tests.frames import rows

DAY = date(2026, 11, 20)
NOON = at(DAY, "13:30")
PAYLOAD = b'{"symbol":"XANB","price":69800.5,"volume":300,"seq":7,"time":"2026-11-20T13:30:00+07:00","side":"buy"}'


def messages(spark: SparkSession, sent: Sequence[Envelope]) -> DataFrame:
    names = ("source", "channel", "source_seq", "event_time", "received_at", "encoding", "schema_version", "payload")
    lines: list[dict[str, Any]] = [
        {name: getattr(one, name) for name in names}
        | {"topic_offset": place, "ingest_date": exchange_date(one.received_at)}
        for place, one in enumerate(sent)
    ]
    return rows(spark, MESSAGES, *lines)


def test_ticks_have_the_columns_of_their_table_in_order(spark: SparkSession) -> None:
    made = parse_trades(rows(spark, MESSAGES))
    columns = [one for one in (*TICKS.columns, *TICKS.evidence) if one.name not in ("run_id", "warnings")]
    assert made.dtypes == [(one.name, one.type.lower()) for one in columns]


def test_a_message_becomes_a_tick(spark: SparkSession) -> None:
    sent = Envelope("sim", "trade", 7, NOON, NOON + 1, "json", 1, PAYLOAD)
    made = parse_trades(messages(spark, [sent])).first()
    assert made is not None
    assert (made.instrument_id, made.session_date, made.source_seq) == (1, DAY, 7)
    assert (made.price, made.quantity, made.side) == (Decimal("69800.5000"), 300, "buy")
    assert (made.ceiling_price, made.corrects_seq, made.lot_size, made.parse_error) == (None, None, None, None)
    assert (made.slice_date, made.received_at, bytes(made.payload)) == (DAY, NOON + 1, PAYLOAD)


def test_an_amount_that_no_sum_could_hold_is_unreadable_live_and_in_batch(spark: SparkSession) -> None:
    most = (1 << 56) // 698_005_000
    sent = [
        Envelope("sim", "trade", 7, NOON, NOON, "json", 1, PAYLOAD.replace(b"300", str(quantity).encode()))
        for quantity in (most, most + 1)
    ]
    reasons = [made.parse_error for made in parse_trades(messages(spark, sent)).collect()]
    assert (reasons[0], reasons[1][:20]) == (None, "price times quantity")
    good, bad = entries_of(sent)["verdict"].tolist()
    assert (good, REASONS[bad]) == (0, "record_is_readable")


def test_an_unreadable_message_keeps_its_envelope_and_says_why(spark: SparkSession) -> None:
    made = parse_trades(messages(spark, [Envelope("sim", "trade", 7, NOON, NOON, "json", 1, b"{")])).first()
    assert made is not None
    assert (made.source, made.source_seq, made.slice_date, bytes(made.payload)) == ("sim", 7, DAY, b"{")
    assert made.parse_error.startswith("payload: not JSON")
    assert (made.price, made.event_time) == (None, None)


def test_a_row_belongs_to_its_session_where_that_is_near(spark: SparkSession) -> None:
    told = {
        "2026-11-20": "2026-11-20", "2026-11-17": "2026-11-17", "2026-11-16": "2026-11-20",
        "2027-11-19": "2026-11-20", "2026-11-22": "2026-11-20",
    }  # fmt: skip
    sent = [
        Envelope("sim", "trade", 7, NOON, NOON, "json", 1, PAYLOAD.replace(b"2026-11-20", session.encode()))
        for session in told
    ]
    made = parse_trades(messages(spark, sent)).orderBy("topic_offset").collect()
    assert [str(row.slice_date) for row in made] == list(told.values())


def broken_in_spark(frame: DataFrame, table: Table) -> list[str]:
    judged = frame.select("topic_offset", names_of_broken(table.rules_of("error")).alias("broken"))
    return [row.broken[0] if row.broken else "" for row in judged.orderBy("topic_offset").collect()]


def test_feed_and_batch_judge_a_dirty_session_alike(spark: SparkSession) -> None:
    sent = list(envelopes(DAY, 7, 2_000))
    kinds = (
        (TICKS, parse_trades, REASONS, [one for one in sent if one.channel != "quote"]),
        (QUOTES, parse_quotes, QUOTE_REASONS, [one for one in sent if one.channel == "quote"]),
    )
    for table, parse, reasons, these in kinds:
        verdict = entries_of(these)["verdict"].tolist()
        assert broken_in_spark(parse(messages(spark, these)), table) == [reasons.get(number, "") for number in verdict]
        assert {number for number in verdict if number}


GOOD = Trade("sim", 1, DAY, 7, None, NOON, 10_000, 100, "buy", 20_000, 5_000, 100, 100)
EDGES = [
    GOOD,
    GOOD._replace(instrument_id=None),
    GOOD._replace(session_date=None),
    GOOD._replace(event_time=NOON + 120_000_000_000),
    GOOD._replace(event_time=NOON + 120_000_000_001),
    GOOD._replace(price=0),
    GOOD._replace(price=-100),
    GOOD._replace(quantity=0),
    GOOD._replace(quantity=0, corrects_seq=3),
    GOOD._replace(quantity=-100, corrects_seq=3),
    GOOD._replace(price=10_050),
    GOOD._replace(price=10_050, tick_size=None),
    GOOD._replace(price=20_000),
    GOOD._replace(price=20_100),
    GOOD._replace(price=5_000),
    GOOD._replace(price=4_900),
    GOOD._replace(price=20_100, ceiling_price=None),
    GOOD._replace(floor_price=None),
    GOOD._replace(ceiling_price=None, floor_price=None, tick_size=None, lot_size=None),
    GOOD._replace(quantity=150),
    GOOD._replace(quantity=150, lot_size=None),
    GOOD._replace(price=10**18 - 100, ceiling_price=10**18 - 100, tick_size=3),
    GOOD._replace(quantity=2**62 - 1, lot_size=2**31 - 1),
]


GOOD_QUOTE = Quote("sim", 1, DAY, 7, NOON, 10_000, 100, 10_100, 200, 300, 200)
QUOTE_EDGES = [
    GOOD_QUOTE,
    GOOD_QUOTE._replace(instrument_id=None),
    GOOD_QUOTE._replace(session_date=None),
    GOOD_QUOTE._replace(event_time=NOON + 120_000_000_000),
    GOOD_QUOTE._replace(event_time=NOON + 120_000_000_001),
    GOOD_QUOTE._replace(bid=None, bid_quantity=0, bid_depth=0),
    GOOD_QUOTE._replace(bid=None),
    GOOD_QUOTE._replace(bid=None, bid_quantity=0),
    GOOD_QUOTE._replace(bid=0),
    GOOD_QUOTE._replace(bid_quantity=0),
    GOOD_QUOTE._replace(bid_depth=99),
    GOOD_QUOTE._replace(bid=10_200),
    GOOD_QUOTE._replace(ask=None, ask_quantity=0, ask_depth=0),
    GOOD_QUOTE._replace(ask=-1),
    GOOD_QUOTE._replace(ask_quantity=201),
]


@pytest.mark.parametrize(
    ("table", "kind", "reasons", "edges"),
    [(TICKS, Trade, REASONS, EDGES), (QUOTES, Quote, QUOTE_REASONS, QUOTE_EDGES)],
    ids=["trades", "quotes"],
)
def test_two_engines_give_one_answer_to_every_rule(
    spark: SparkSession,
    table: Table,
    kind: type[Trade | Quote],
    reasons: dict[int, str],
    edges: list[Trade | Quote],
) -> None:
    kinds = {column.name: column.type for column in (*table.columns, *table.evidence)}
    schema = ", ".join(f"{name} {kinds[name]}" for name in kind._fields)
    lines = [
        [Decimal(value).scaleb(-4) if isinstance(value, int) and kinds[name] == "DECIMAL(18,4)" else value
         for name, value in zip(kind._fields, edge, strict=True)]
        for edge in edges
    ]  # fmt: skip
    numbered = [(*line, place) for place, line in enumerate(lines)]
    frame = spark.createDataFrame(numbered, f"{schema}, topic_offset BIGINT")
    told = frame.withColumns({"received_at": F.lit(NOON), "parse_error": F.lit(None).cast("string")})
    ours = [reasons.get(number, "") for number in verdicts(kind, edges, [NOON] * len(edges))]
    assert ours == broken_in_spark(told, table)
    rules = {rule.name for rule in table.rules_of("error")}
    assert set(ours) == rules - {"record_is_readable"} | {""}


def test_the_first_rule_has_the_first_number_of_the_feed() -> None:
    assert REASONS[FIRST_FEED_REASON] == TICKS.rules_of("error")[0].name == "record_is_readable"
