"""What is said of an instrument beside others: how its bars stand among those of the whole market."""

from spark_apps.tables.market import AVAILABLE_AT, BAR_START, BARS_1M, INSTRUMENT, SESSION
from spark_apps.tables.model import RUN_ID, Column, Rule, Table

# Minutes in which something traded: those that a move goes back, and those over which an instrument is held against
# the market.
MOVE_MINUTES = 15
MARKET_MINUTES = 30

STANDING = (
    Column(
        "peers",
        "INT",
        "Instruments whose moves are ranked: those that traded that long before in the session. Live -1 where "
        "corrections emptied the bar.",
    ),
    Column(
        "move_15",
        "DOUBLE",
        "Close over the instrument's close 15 traded minutes before, less 1; null in its first minutes.",
        nullable=True,
    ),
    Column(
        "move_rank_15",
        "DOUBLE",
        "Share of the peers whose move is smaller, equal ones counted half: 0 the weakest, 1 the strongest.",
        nullable=True,
    ),
    Column(
        "value_rank",
        "DOUBLE",
        "Share of the instruments traded so far in the session that traded less value, equal ones counted half.",
        nullable=True,
    ),
    Column(
        "market_correlation_30",
        "DOUBLE",
        "Correlation of its changes by the minute with the market's, the mean of all, over 30 traded minutes.",
        nullable=True,
    ),
    Column("market_beta_30", "DOUBLE", "Slope of its changes on the market's over 30 traded minutes.", nullable=True),
)


def _is_none_or(name: str, low: int, high: int) -> str:
    return f"{name} IS NULL OR {name} BETWEEN {low} AND {high}"


CROSS_SECTION_1M = Table(
    layer="gold",
    name="cross_section_1m",
    grain="one row per minute bar: how it stands among all instruments that have traded in the session by then",
    columns=(INSTRUMENT, SESSION, BAR_START, *STANDING, AVAILABLE_AT, RUN_ID),
    key=("instrument_id", "bar_start"),
    owner="research",
    partition_by=("session_date",),
    made_from=(BARS_1M,),
    rules=(
        Rule("move_rank_is_a_share", _is_none_or("move_rank_15", 0, 1)),
        Rule("value_rank_is_a_share", _is_none_or("value_rank", 0, 1)),
        Rule("correlation_is_within_one", _is_none_or("market_correlation_30", -1, 1)),
        Rule("rank_needs_peers", "move_rank_15 IS NULL OR peers > 1"),
    ),
    conserves=(("count(*)", "count(*)"),),
)

TABLES = (CROSS_SECTION_1M,)
