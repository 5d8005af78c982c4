"""What happened, day by day: prices, returns, flows and indices from daily files. Prices in VND, points for indices."""

from spark_apps.tables.market import (
    AVAILABLE_AT,
    HIGH_IS_HIGHEST,
    INSTRUMENT,
    IS_KNOWN,
    IS_READABLE,
    MONEY,
    PARSE_ERROR,
    PRICE,
    SESSION,
    UNREADABLE_OR,
)
from spark_apps.tables.model import RUN_ID, WARNINGS, Column, Rule, Table
from spark_apps.tables.sources import (
    DAILY_PRICE_LINES,
    FILE,
    FOREIGN_FLOW_LINES,
    INDEX_PRICE_LINES,
    PROPRIETARY_FLOW_LINES,
    RECEIVED_DATE,
    ROW_NUMBER,
    SLICE_DATE,
)

# What a line of a daily file says of its day, whatever the file.
DAY_RULES = (
    Rule("session_has_happened", f"{UNREADABLE_OR}session_date <= received_date"),
    Rule("market_had_opened", f"{UNREADABLE_OR}session_date >= DATE'2000-07-28'"),
)
CLOSE_IS_POSITIVE = Rule("close_is_positive", f"{UNREADABLE_OR}close > 0")
VOLUME_IS_NOT_NEGATIVE = Rule("volume_is_not_negative", f"{UNREADABLE_OR}volume >= 0")
OPEN_IS_IN_RANGE = Rule("open_is_within_range", "open BETWEEN low AND high", "warn")
CLOSE_IS_IN_RANGE = Rule("close_is_within_range", "close BETWEEN low AND high", "warn")

DAILY_PRICES = Table(
    layer="silver",
    name="daily_prices",
    grain="one row per instrument per session of its daily file",
    columns=(
        INSTRUMENT,
        SESSION,
        Column("open", PRICE, "Opening price, raw.", nullable=True),
        Column("high", PRICE, "Highest price, raw.", nullable=True),
        Column("low", PRICE, "Lowest price, raw.", nullable=True),
        Column("close", PRICE, "Closing price, raw."),
        Column("adjusted_close", PRICE, "Closing price adjusted for corporate actions by the vendor.", nullable=True),
        Column("volume", "BIGINT", "Matched volume, shares."),
        Column("value", MONEY, "Matched value, VND.", nullable=True),
        Column("put_through_volume", "BIGINT", "Negotiated volume, shares.", nullable=True),
        Column("put_through_value", MONEY, "Negotiated value, VND.", nullable=True),
        AVAILABLE_AT,
        WARNINGS,
        RUN_ID,
    ),
    key=("instrument_id", "session_date"),
    owner="market-data",
    made_from=(DAILY_PRICE_LINES,),
    evidence=(SLICE_DATE, PARSE_ERROR, FILE, ROW_NUMBER, RECEIVED_DATE),
    first_by=("file_name", "row_number"),
    rules=(
        IS_READABLE,
        IS_KNOWN,
        *DAY_RULES,
        CLOSE_IS_POSITIVE,
        HIGH_IS_HIGHEST,
        VOLUME_IS_NOT_NEGATIVE,
        OPEN_IS_IN_RANGE,
        CLOSE_IS_IN_RANGE,
        Rule("adjusted_close_is_positive", "adjusted_close > 0", "warn"),
    ),
)
RETURNS_1D = Table(
    layer="gold",
    name="returns_1d",
    grain="one row per instrument, indices left out, per session with an adjusted close above zero",
    columns=(
        INSTRUMENT,
        SESSION,
        Column("adjusted_close", PRICE, "Adjusted closing price."),
        Column(
            "previous_session_date", "DATE", "Latest earlier session with a price, at most 30 days back.", nullable=True
        ),
        Column("daily_return", "DOUBLE", "Adjusted close over the previous one, minus 1.", nullable=True),
        Column("volume", "BIGINT", "Matched volume, shares."),
        Column("value", MONEY, "Matched value, VND.", nullable=True),
        AVAILABLE_AT,
        RUN_ID,
    ),
    key=("instrument_id", "session_date"),
    owner="research",
    made_from=(DAILY_PRICES,),
    lookback=30,
    rules=(Rule("return_is_above_minus_one", "daily_return IS NULL OR daily_return > -1"),),
)

FLOW_COLUMNS = (
    Column("buy_volume", "BIGINT", "Bought, shares."),
    Column("sell_volume", "BIGINT", "Sold, shares."),
    Column("buy_value", MONEY, "Bought, VND."),
    Column("sell_value", MONEY, "Sold, VND."),
)
FLOW_RULES = (
    IS_READABLE,
    IS_KNOWN,
    *DAY_RULES,
    Rule("volumes_are_not_negative", "buy_volume >= 0 AND sell_volume >= 0"),
    Rule("values_are_not_negative", "buy_value >= 0 AND sell_value >= 0", "warn"),
)


def _flows(name: str, grain: str, extra: tuple[Column, ...], bronze: Table) -> Table:
    return Table(
        layer="silver",
        name=name,
        grain=grain,
        columns=(INSTRUMENT, SESSION, *FLOW_COLUMNS, *extra, AVAILABLE_AT, WARNINGS, RUN_ID),
        key=("instrument_id", "session_date"),
        owner="market-data",
        made_from=(bronze,),
        evidence=(SLICE_DATE, PARSE_ERROR, FILE, ROW_NUMBER, RECEIVED_DATE),
        first_by=("file_name", "row_number"),
        rules=FLOW_RULES,
    )


FOREIGN_FLOWS = _flows(
    "foreign_flows",
    "one row per instrument per session: what foreigners bought and sold",
    (
        Column("room_left", "BIGINT", "Shares that foreigners may still buy.", nullable=True),
        Column("held_pct", "DECIMAL(9,4)", "Share held by foreigners, per cent.", nullable=True),
    ),
    FOREIGN_FLOW_LINES,
)
PROPRIETARY_FLOWS = _flows(
    "proprietary_flows",
    "one row per instrument per session: what brokers bought and sold for themselves",
    (),
    PROPRIETARY_FLOW_LINES,
)
INDEX_PRICES = Table(
    layer="silver",
    name="index_prices",
    grain="one row per index per session",
    columns=(
        Column("index_code", "STRING", "Code of the index, as the file is named."),
        SESSION,
        *(Column(name, PRICE, f"Index level: {name}, points.") for name in ("open", "high", "low", "close")),
        Column("volume", "BIGINT", "Shares traded."),
        AVAILABLE_AT,
        WARNINGS,
        RUN_ID,
    ),
    key=("index_code", "session_date"),
    owner="market-data",
    made_from=(INDEX_PRICE_LINES,),
    evidence=(SLICE_DATE, PARSE_ERROR, FILE, ROW_NUMBER, RECEIVED_DATE),
    first_by=("file_name", "row_number"),
    rules=(
        IS_READABLE,
        *DAY_RULES,
        CLOSE_IS_POSITIVE,
        HIGH_IS_HIGHEST,
        VOLUME_IS_NOT_NEGATIVE,
        OPEN_IS_IN_RANGE,
        CLOSE_IS_IN_RANGE,
    ),
)

TABLES = (DAILY_PRICES, RETURNS_1D, FOREIGN_FLOWS, PROPRIETARY_FLOWS, INDEX_PRICES)
