"""What happened, trade by trade: ticks, trades and bars. Prices in VND, points for futures."""

from dataclasses import replace

from spark_apps.tables.model import RUN_ID, WARNINGS, Column, Rule, Table
from spark_apps.tables.sources import INGEST_DATE, IS_QUOTE, KAFKA_PLACE, MESSAGES, SLICE_DATE

PRICE = "DECIMAL(18,4)"
MONEY = "DECIMAL(28,4)"

INSTRUMENT = Column("instrument_id", "INT", "Instrument; see rules/data/instruments.csv.")
SESSION = Column("session_date", "DATE", "Session of the exchange's calendar.")
BAR_START = Column("bar_start", "BIGINT", "Start of the bar, inclusive, nanoseconds UTC.")
PARSE_ERROR = Column("parse_error", "STRING", "Why the row could not be read; empty when it could.", nullable=True)

# What cannot be read is told once: other rules pass over it. Stored rows are readable, so Delta holds the rest.
UNREADABLE_OR = "parse_error IS NOT NULL OR "
# Rules that several tables share: one text each.
IS_READABLE = Rule("record_is_readable", "parse_error IS NULL")
IS_KNOWN = Rule("instrument_is_known", f"{UNREADABLE_OR}instrument_id IS NOT NULL")
HAS_SESSION = Rule("session_is_open", f"{UNREADABLE_OR}session_date IS NOT NULL")
IS_NOT_AHEAD = Rule("event_is_not_ahead_of_receipt", f"{UNREADABLE_OR}event_time <= received_at + 120000000000")
ARRIVES_IN_TIME = Rule(
    "arrives_within_three_days", "session_date IS NULL OR datediff(ingest_date, session_date) <= 3", "late"
)
HIGH_IS_HIGHEST = Rule("high_is_not_below_low", "high >= low")

_MATCH = (
    Column("event_time", "BIGINT", "When the trade was matched, nanoseconds UTC."),
    Column("price", PRICE, "Price in VND, points for futures."),
    Column("quantity", "BIGINT", "Shares or contracts; 0 where a correction cancelled the trade."),
    Column("side", "STRING", "Who crossed the spread: buy, sell, unknown; auction for call auctions."),
)

# What a message's parser hands to rules and routing.
MESSAGE_EVIDENCE = (
    SLICE_DATE,
    PARSE_ERROR,
    INGEST_DATE,
    *KAFKA_PLACE[:3],
    Column("payload", "BINARY", "The message as it came.", nullable=True),
)

TICKS = Table(
    layer="silver",
    name="ticks",
    grain="one row per accepted message: a trade, or a correction of one",
    columns=(
        Column("source", "STRING", "Who reported the trade."),
        INSTRUMENT,
        SESSION,
        Column("source_seq", "BIGINT", "The source's number of the message within the session."),
        Column("corrects_seq", "BIGINT", "For a correction: source_seq of the trade it replaces.", nullable=True),
        *_MATCH,
        Column("ceiling_price", PRICE, "Highest legal price of the day, where the record says it.", nullable=True),
        Column("floor_price", PRICE, "Lowest legal price of the day, where the record says it.", nullable=True),
        Column("tick_size", PRICE, "Price step at this price, where the record says it.", nullable=True),
        Column("lot_size", "INT", "Round lot, where the record says it.", nullable=True),
        Column("received_at", "BIGINT", "When our feed received it, nanoseconds UTC."),
        WARNINGS,
        RUN_ID,
    ),
    key=("source", "instrument_id", "session_date", "source_seq"),
    owner="market-data",
    partition_by=("session_date",),
    made_from=(MESSAGES,),
    lookahead=3,
    takes=f"NOT {IS_QUOTE}",
    evidence=MESSAGE_EVIDENCE,
    first_by=("topic_partition", "topic_offset"),
    rules=(
        IS_READABLE,
        IS_KNOWN,
        HAS_SESSION,
        IS_NOT_AHEAD,
        Rule("price_is_positive", f"{UNREADABLE_OR}price > 0"),
        Rule(
            "quantity_is_positive",
            f"{UNREADABLE_OR}quantity > 0 OR (quantity = 0 AND corrects_seq IS NOT NULL)",
        ),
        Rule("price_is_on_tick", "tick_size IS NULL OR price % tick_size = 0"),
        Rule("price_is_within_band", "ceiling_price IS NULL OR price BETWEEN floor_price AND ceiling_price"),
        Rule("quantity_is_round_lot", "lot_size IS NULL OR quantity % lot_size = 0"),
        ARRIVES_IN_TIME,
    ),
)

TRADES = Table(
    layer="silver",
    name="trades",
    grain="one row per trade, with the last correction applied",
    columns=(
        *TICKS.columns[:4],
        *_MATCH,
        Column("correction_count", "INT", "How many corrections the trade has had."),
        Column(
            "known_at",
            "BIGINT",
            "Market second in which the trade had arrived as it stands here: its own message, or its last correction "
            "where that says something else; nanoseconds UTC.",
        ),
        RUN_ID,
    ),
    key=("source", "instrument_id", "session_date", "source_seq"),
    owner="market-data",
    partition_by=("session_date",),
    made_from=(TICKS,),
    evidence=(Column("is_known", "BOOLEAN", "False for a correction of a trade that is not there."),),
    rules=(Rule("corrected_trade_is_known", "is_known"),),
    conserves=(("count(*)", "count_if(corrects_seq IS NULL)"),),
)

OHLC = (
    Column("open", PRICE, "Price of the first trade."),
    Column("high", PRICE, "Highest price."),
    Column("low", PRICE, "Lowest price."),
    Column("close", PRICE, "Price of the last trade."),
    Column("volume", "BIGINT", "Sum of quantities."),
    Column("value", MONEY, "Sum of price times quantity."),
    Column("trade_count", "BIGINT", "Number of trades."),
)
AVAILABLE_AT = Column("available_at", "BIGINT", "Market time from which the row could be known, nanoseconds UTC.")
BAR_AVAILABLE_AT = replace(
    AVAILABLE_AT,
    doc="Market time from which the bar could be known as it stands here, nanoseconds UTC: its end, or the market "
    "second in which the last of its trades, or of their corrections, arrived. A bar of which nothing had come by its "
    "end waits a second more, as live. Live may say less than the end only where the session's end closed the bar.",
)
BAR_RULES = (
    Rule("low_is_positive", "low > 0"),
    HIGH_IS_HIGHEST,
    Rule("open_and_close_are_within_range", "open BETWEEN low AND high AND close BETWEEN low AND high"),
    Rule("volume_is_positive", "volume > 0 AND trade_count > 0"),
    Rule("range_is_under_ten_percent", "high <= low * 1.1", "warn"),
)


def _bars(name: str, width: str, made_from: Table, conserves: tuple[tuple[str, str], ...]) -> Table:
    return Table(
        layer="gold",
        name=name,
        grain=f"one row per instrument per {width} in which a trade happened",
        columns=(
            INSTRUMENT,
            SESSION,
            BAR_START,
            *OHLC,
            BAR_AVAILABLE_AT,
            RUN_ID,
        ),
        key=("instrument_id", "bar_start"),
        owner="research",
        partition_by=("session_date",),
        made_from=(made_from,),
        rules=BAR_RULES,
        conserves=conserves,
    )


_SUMS = (("sum(volume)", "sum(volume)"), ("sum(trade_count)", "sum(trade_count)"), ("sum(value)", "sum(value)"))
_ALL_TRADES = (("sum(volume)", "sum(quantity)"), ("sum(trade_count)", "count_if(quantity > 0)"))
BARS_1S = _bars("bars_1s", "second", TRADES, _ALL_TRADES)
BARS_1M = _bars("bars_1m", "minute", TRADES, _ALL_TRADES)
BARS_5M = _bars("bars_5m", "five minutes", BARS_1M, _SUMS)
BARS_1H = _bars("bars_1h", "hour", BARS_1M, _SUMS)
BARS_1D = _bars("bars_1d", "session", BARS_1M, _SUMS)

TABLES = (TICKS, TRADES, BARS_1S, BARS_1M, BARS_5M, BARS_1H, BARS_1D)
