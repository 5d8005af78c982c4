"""What the live chain emitted: facts, appended once, each carrying its cause. See kernels/layouts.py."""

from spark_apps.tables.features import STANDING
from spark_apps.tables.indicators import CLOSING, INDICATORS, OPENING
from spark_apps.tables.market import AVAILABLE_AT, BAR_START, INSTRUMENT, MONEY, PRICE, SESSION
from spark_apps.tables.model import RUN_ID, Column, Layer, Table
from spark_apps.tables.quotes import BOOK, FIGURES
from spark_apps.tables.signals import SIGNAL
from spark_apps.tables.sources import FOLD_INPUT

CAUSE = (
    Column("generation", "INT", "Generation of the fold that emitted the row."),
    Column("input_partition", "INT", "Partition of fold_input that holds the cause."),
    Column("input_offset", "BIGINT", "Offset of the record in fold_input that caused the row."),
    Column("ordinal", "INT", "Place of the row among those of one cause."),
)
# Empty in rows whose output was left by a fold that did not say it yet.
CAUSED_AT = Column(
    "caused_at",
    "BIGINT",
    "When the broker appended the cause to fold_input, nanoseconds UTC; our clock. Of a standing and "
    "signals over it: append of the clock record by which, as they were read, the last partition came as far.",
    nullable=True,
)
FOLDED_AT = Column("folded_at", "BIGINT", "When the fold had made the row, nanoseconds UTC; our clock.", nullable=True)
EMITTED_AT = Column("emitted_at", "BIGINT", "When the broker appended the output, nanoseconds UTC; our clock.")
WRITTEN_AT = Column("written_at", "BIGINT", "When the row was handed to the commit, nanoseconds UTC; our clock.")
OUR_CLOCKS = (CAUSED_AT, FOLDED_AT, EMITTED_AT, WRITTEN_AT)
_TRADE = (
    INSTRUMENT,
    SESSION,
    Column("source", "INT", "Source number; see kernels/layouts.py."),
    Column("source_seq", "BIGINT", "The source's number of the trade."),
    Column("event_time", "BIGINT", "When the trade was matched, nanoseconds UTC."),
    Column("price", PRICE, "Price as it came."),
    Column("quantity", "BIGINT", "Quantity as it came."),
    Column("reason", "STRING", "Name of the rule that the record breaks."),
)

_QUOTE = (
    *_TRADE[:3],
    Column("source_seq", "BIGINT", "The source's number of the quote."),
    Column("event_time", "BIGINT", "From when the quote stood, nanoseconds UTC."),
    *BOOK,
    _TRADE[-1],
)


def _live(layer: Layer, name: str, grain: str, columns: tuple[Column, ...]) -> Table:
    return Table(
        layer=layer,
        name=name,
        grain=grain,
        columns=(*CAUSE, *columns, AVAILABLE_AT, *OUR_CLOCKS, RUN_ID),
        key=("generation", "input_partition", "input_offset", "ordinal"),
        owner="market-data",
        partition_by=("session_date",),
        made_from=(FOLD_INPUT,),
        upkeep="append",
        unequal=("run_id", "generation", *(clock.name for clock in OUR_CLOCKS)),
    )


_BAR = (
    INSTRUMENT,
    SESSION,
    BAR_START,
    Column("revision", "INT", "0 for the first emission, then 1, 2, ... ; the highest is the last word."),
)
BARS_1M_LIVE = _live(
    "gold",
    "bars_1m_live",
    "one row per revision of a one-minute bar, as emitted",
    (
        *_BAR,
        Column("open", PRICE, "Price of the first trade."),
        Column("high", PRICE, "Highest price."),
        Column("low", PRICE, "Lowest price."),
        Column("close", PRICE, "Price of the last trade."),
        Column("volume", "BIGINT", "Sum of quantities."),
        Column("value", MONEY, "Sum of price times quantity."),
        Column("trade_count", "BIGINT", "Number of trades; 0 when corrections emptied the bar."),
    ),
)
INDICATORS_1M_LIVE = _live(
    "gold",
    "indicators_1m_live",
    "one row per revision of a one-minute bar's indicators, as emitted; all null once corrections emptied the bar",
    (*_BAR, *INDICATORS, OPENING, CLOSING),
)
SIGNALS_1M_LIVE = _live(
    "gold",
    "signals_1m_live",
    "one row per revision of what a strategy did at a minute bar, as emitted; withdrawn where it is no longer so",
    (*_BAR, *SIGNAL),
)
CROSS_SECTION_1M_LIVE = _live(
    "gold",
    "cross_section_1m_live",
    "one row per revision of how a minute bar stands among all others, as emitted; -1 peers once it was emptied",
    (*_BAR, *STANDING),
)
CROSS_SIGNALS_1M_LIVE = _live(
    "gold",
    "cross_signals_1m_live",
    "one row per revision of what a strategy over standings did at a minute bar, as emitted; withdrawn where it is no "
    "longer so",
    (*_BAR, *SIGNAL),
)
QUOTES_1M_LIVE = _live(
    "gold",
    "quotes_1m_live",
    "one row per revision of what quotes say of a minute bar, as emitted; -1 quotes once corrections emptied it",
    (*_BAR, *FIGURES),
)
LATE_LIVE = _live("late", "ticks_live", "one row per trade or correction beyond the lateness bound", _TRADE)
REFUSED_LIVE = _live("quarantine", "ticks_live", "one row per trade or correction that the fold refused", _TRADE)
DUPLICATES_LIVE = _live("duplicate", "ticks_live", "one row per trade that the fold had seen before", _TRADE)
LATE_QUOTES_LIVE = _live("late", "quotes_live", "one row per quote beyond the lateness bound", _QUOTE)
REFUSED_QUOTES_LIVE = _live("quarantine", "quotes_live", "one row per quote that the fold refused", _QUOTE)
DUPLICATE_QUOTES_LIVE = _live("duplicate", "quotes_live", "one row per quote that the fold had seen before", _QUOTE)

TABLES = (
    BARS_1M_LIVE,
    INDICATORS_1M_LIVE,
    SIGNALS_1M_LIVE,
    CROSS_SECTION_1M_LIVE,
    CROSS_SIGNALS_1M_LIVE,
    QUOTES_1M_LIVE,
    LATE_LIVE,
    REFUSED_LIVE,
    DUPLICATES_LIVE,
    LATE_QUOTES_LIVE,
    REFUSED_QUOTES_LIVE,
    DUPLICATE_QUOTES_LIVE,
)
