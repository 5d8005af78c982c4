"""Bars that are as wide as what happens in them, beside those of market.py that are as wide as a time."""

from spark_apps.tables.market import AVAILABLE_AT, BAR_RULES, INSTRUMENT, OHLC, SESSION, TRADES
from spark_apps.tables.model import RUN_ID, Column, Rule, Table

MEASURES = ("tick", "volume", "value", "imbalance")


def _same_sums(measure: str) -> tuple[tuple[str, str], ...]:
    """Say that the bars of one measure hold every trade once."""
    of_measure = f"FILTER (WHERE measure = '{measure}')"
    return (
        (f"sum(volume) {of_measure}", "sum(quantity)"),
        (f"sum(trade_count) {of_measure}", "count_if(quantity > 0)"),
    )


BARS_BY_ACTIVITY = Table(
    layer="gold",
    name="bars_by_activity",
    grain="one row per instrument, measure and bar: the trades of a session that come together to a size",
    columns=(
        INSTRUMENT,
        SESSION,
        Column("measure", "STRING", "What fills the bar: tick (trades), volume, value, imbalance."),
        Column(
            "size", "BIGINT", "What fills it: trades; shares or contracts; VND or points times contracts; shares again."
        ),
        Column("bar_number", "INT", "Place of the bar in its session, from 0."),
        Column("bar_start", "BIGINT", "Start of the bar, inclusive: time of its first trade, nanoseconds UTC."),
        Column("bar_end", "BIGINT", "Time of the last trade, nanoseconds UTC."),
        *OHLC,
        Column(
            "imbalance",
            "BIGINT",
            "Quantities that buyers took less those that sellers gave; the tick rule where unknown.",
        ),
        Column("is_full", "BOOLEAN", "False for the last bar of a session where it stays short of its size."),
        AVAILABLE_AT,
        RUN_ID,
    ),
    key=("instrument_id", "session_date", "measure", "bar_number"),
    owner="research",
    partition_by=("session_date",),
    made_from=(TRADES,),
    rules=(
        *BAR_RULES,
        Rule("measure_is_known", f"measure IN {MEASURES}"),
        Rule("bar_ends_after_it_starts", "bar_end >= bar_start"),
        Rule("available_behind_its_end", "available_at >= bar_end"),
        Rule("imbalance_is_within_volume", "abs(imbalance) <= volume"),
    ),
    conserves=tuple(pair for measure in MEASURES for pair in _same_sums(measure)),
)

TABLES = (BARS_BY_ACTIVITY,)
