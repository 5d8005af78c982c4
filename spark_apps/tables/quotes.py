"""What was offered: best bids and offers as they came, and what they say of the bars in which trades met them."""

from spark_apps.tables.market import (
    ARRIVES_IN_TIME,
    AVAILABLE_AT,
    BAR_START,
    HAS_SESSION,
    INSTRUMENT,
    IS_KNOWN,
    IS_NOT_AHEAD,
    IS_READABLE,
    MESSAGE_EVIDENCE,
    PRICE,
    SESSION,
    TRADES,
    UNREADABLE_OR,
)
from spark_apps.tables.model import RUN_ID, WARNINGS, Column, Rule, Table
from spark_apps.tables.sources import IS_QUOTE, MESSAGES

BOOK = (
    Column("bid", PRICE, "Highest price bid; null where nobody bids.", nullable=True),
    Column("bid_quantity", "BIGINT", "Shares or contracts bid for at it."),
    Column("ask", PRICE, "Lowest price asked; null where nobody offers.", nullable=True),
    Column("ask_quantity", "BIGINT", "Shares or contracts offered at it."),
    Column("bid_depth", "BIGINT", "Shares or contracts bid for in all levels that the source shows."),
    Column("ask_depth", "BIGINT", "Shares or contracts offered in all levels that the source shows."),
)


def _is_whole(side: str) -> str:
    return (
        f"({side} IS NULL AND {side}_quantity = 0 AND {side}_depth = 0) "
        f"OR ({side} > 0 AND {side}_quantity > 0 AND {side}_depth >= {side}_quantity)"
    )


QUOTES = Table(
    layer="silver",
    name="quotes",
    grain="one row per accepted quote",
    columns=(
        Column("source", "STRING", "Who reported the quote."),
        INSTRUMENT,
        SESSION,
        Column("source_seq", "BIGINT", "The source's number of the quote within the session."),
        Column("event_time", "BIGINT", "From when the quote stood, nanoseconds UTC."),
        *BOOK,
        Column("received_at", "BIGINT", "When our feed received it, nanoseconds UTC."),
        WARNINGS,
        RUN_ID,
    ),
    key=("source", "instrument_id", "session_date", "source_seq"),
    owner="market-data",
    partition_by=("session_date",),
    made_from=(MESSAGES,),
    takes=IS_QUOTE,
    lookahead=3,
    evidence=MESSAGE_EVIDENCE,
    first_by=("topic_partition", "topic_offset"),
    rules=(
        IS_READABLE,
        IS_KNOWN,
        HAS_SESSION,
        IS_NOT_AHEAD,
        Rule("bid_is_whole", f"{UNREADABLE_OR}{_is_whole('bid')}"),
        Rule("ask_is_whole", f"{UNREADABLE_OR}{_is_whole('ask')}"),
        Rule("book_is_not_crossed", "bid IS NULL OR ask IS NULL OR bid < ask", "warn"),
        ARRIVES_IN_TIME,
    ),
)

FIGURES = (
    Column("quoted_at", "BIGINT", "From when the quote in force at the bar's end stood, nanoseconds UTC."),
    *BOOK,
    Column("quote_count", "BIGINT", "Quotes within the bar. Live -1 where corrections emptied the bar."),
    Column("order_flow", "BIGINT", "What came to the bid or left the ask within the bar, less the reverse."),
    Column("bought_volume", "BIGINT", "Sum of quantities traded above the middle of the quote in force."),
    Column("sold_volume", "BIGINT", "Sum of quantities traded below it."),
    Column(
        "spread_bps",
        "DOUBLE",
        "Ask less bid at the bar's end, basis points of their middle; below zero where the book is crossed.",
        nullable=True,
    ),
    Column(
        "effective_spread_bps",
        "DOUBLE",
        "Twice the distance of the trades from the middle in force, basis points of it, weighted by value.",
        nullable=True,
    ),
    Column(
        "depth_imbalance",
        "DOUBLE",
        "Bid depth less ask depth over their sum at the bar's end: 1 nothing offered, -1 nothing bid.",
        nullable=True,
    ),
)
QUOTES_1M = Table(
    layer="gold",
    name="quotes_1m",
    grain="one row per minute bar by the end of which a quote was known in its session",
    columns=(INSTRUMENT, SESSION, BAR_START, *FIGURES, AVAILABLE_AT, RUN_ID),
    key=("instrument_id", "bar_start"),
    owner="research",
    partition_by=("session_date",),
    made_from=(TRADES, QUOTES),
    rules=(
        Rule("imbalance_is_within_one", "depth_imbalance IS NULL OR depth_imbalance BETWEEN -1 AND 1"),
        Rule("volumes_are_not_negative", "bought_volume >= 0 AND sold_volume >= 0 AND quote_count >= 0"),
        Rule("spread_is_under_ten_percent", "spread_bps IS NULL OR spread_bps < 1000", "warn"),
    ),
)

TABLES = (QUOTES, QUOTES_1M)
