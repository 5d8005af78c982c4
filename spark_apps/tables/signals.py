"""What strategies say of minute bars, and what became of it: the nightly truth of the live signals."""

from spark_apps.tables.features import CROSS_SECTION_1M
from spark_apps.tables.indicators import INDICATORS_1M
from spark_apps.tables.market import AVAILABLE_AT, BAR_START, BARS_1M, INSTRUMENT, SESSION
from spark_apps.tables.model import RUN_ID, Column, Rule, Table
from spark_apps.tables.quotes import QUOTES_1M

SIGNAL = (
    Column(
        "strategy", "STRING", "Name of the strategy; 'book' or 'cross_book' where parameters alone moved the target."
    ),
    Column("stance", "INT", "What the strategy wants from this bar on: 1 long, -1 short, 0 out."),
    Column("score", "INT", "Sum of weight times side of all strategies that stand and count."),
    Column("target_before", "INT", "What the score said before this bar: 1 long, -1 short, 0 out."),
    Column("target", "INT", "What the score says from this bar on."),
    Column("result", "STRING", "filtered: has no vote; outvoted: the target stays; decisive: it moves; withdrawn."),
    Column("needs_approval", "BOOLEAN", "Whether a person must agree before it goes out."),
    Column(
        "book_hash",
        "BIGINT",
        "Hash of the book of strategies in force; a PARAMETERS record of bronze.fold_input holds it.",
    ),
    Column("expires_at", "BIGINT", "When it is good no longer, nanoseconds UTC."),
)
_RULES = (
    Rule("target_moves_where_decisive", "result = 'filtered' OR (result = 'decisive') = (target <> target_before)"),
    Rule("expires_after_its_bar", "expires_at > bar_start"),
)
SIGNALS_1M = Table(
    layer="gold",
    name="signals_1m",
    grain="one row per minute bar and strategy that entered or left there",
    columns=(INSTRUMENT, SESSION, BAR_START, *SIGNAL, AVAILABLE_AT, RUN_ID),
    key=("instrument_id", "bar_start", "strategy"),
    owner="research",
    partition_by=("session_date",),
    made_from=(INDICATORS_1M, BARS_1M, QUOTES_1M),
    rules=_RULES,
)
CROSS_SIGNALS_1M = Table(
    layer="gold",
    name="cross_signals_1m",
    grain="one row per minute bar and strategy over standings that entered or left there",
    columns=(INSTRUMENT, SESSION, BAR_START, *SIGNAL, AVAILABLE_AT, RUN_ID),
    key=("instrument_id", "bar_start", "strategy"),
    owner="research",
    partition_by=("session_date",),
    made_from=(CROSS_SECTION_1M,),
    rules=_RULES,
)

SIGNAL_APPROVALS = Table(
    layer="gold",
    name="signal_approvals",
    grain="one row per live signal that a person let out or held back",
    columns=(
        INSTRUMENT,
        SESSION,
        BAR_START,
        Column("strategy", "STRING", "Name of the strategy."),
        Column("is_approved", "BOOLEAN", "Whether it may go out."),
        Column("decided_by", "STRING", "Who decided."),
        Column("decided_at", "BIGINT", "When, nanoseconds UTC; our clock."),
        RUN_ID,
    ),
    key=("instrument_id", "bar_start", "strategy"),
    owner="trading",
    upkeep="append",
)

TABLES = (SIGNALS_1M, CROSS_SIGNALS_1M, SIGNAL_APPROVALS)
