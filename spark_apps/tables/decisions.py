"""What we want, what it could cost, how it went: signals, risk and the daily report."""

from spark_apps.tables.daily import RETURNS_1D
from spark_apps.tables.market import AVAILABLE_AT, INSTRUMENT, SESSION
from spark_apps.tables.model import RUN_ID, Column, Rule, Table

MOMENTUM_1D = Table(
    layer="gold",
    name="momentum_1d",
    grain="one row per instrument per session with a price a year before and a month before",
    columns=(
        INSTRUMENT,
        SESSION,
        Column("momentum", "DOUBLE", "Return from one year ago to one month ago (12-1 momentum)."),
        Column("momentum_rank", "INT", "1 for the strongest of the session; ties go to the lower instrument_id."),
        Column("ranked_instruments", "INT", "How many instruments were ranked in the session."),
        Column("position", "INT", "1 buy (strongest fifth), -1 avoid (weakest fifth), 0 neither."),
        AVAILABLE_AT,
        RUN_ID,
    ),
    key=("instrument_id", "session_date"),
    owner="research",
    made_from=(RETURNS_1D,),
    lookback=400,
    rules=(Rule("rank_is_within_count", "momentum_rank BETWEEN 1 AND ranked_instruments"),),
)
VALUE_AT_RISK = Table(
    layer="gold",
    name="value_at_risk",
    grain="one row per portfolio per session with 250 or more scenarios",
    columns=(
        Column("portfolio", "STRING", "Name of the portfolio in conf/portfolios.toml."),
        SESSION,
        Column("scenarios", "INT", "Number of historical sessions used, at most 500."),
        Column("value_at_risk_99", "DOUBLE", "One-day loss not exceeded in 99 % of the scenarios, share of value."),
        Column("expected_shortfall_975", "DOUBLE", "Mean of the worst 2.5 % of the scenarios' losses, share of value."),
        Column("value_at_risk_99_vnd", "DECIMAL(18,0)", "value_at_risk_99 of the portfolio's value, VND."),
        Column("expected_shortfall_975_vnd", "DECIMAL(18,0)", "expected_shortfall_975 of the portfolio's value, VND."),
        AVAILABLE_AT,
        RUN_ID,
    ),
    key=("portfolio", "session_date"),
    owner="risk",
    made_from=(RETURNS_1D,),
    lookback=800,
    rules=(Rule("scenarios_are_enough", "scenarios BETWEEN 250 AND 500"),),
)
DAILY_REPORT = Table(
    layer="gold",
    name="daily_report",
    grain="one row per session",
    columns=(
        SESSION,
        Column("instruments", "INT", "Instruments with a return."),
        Column("advances", "INT", "Instruments that closed higher."),
        Column("declines", "INT", "Instruments that closed lower."),
        Column("unchanged", "INT", "Instruments that closed where they were."),
        Column("volume", "BIGINT", "Matched volume, shares."),
        Column("value", "DECIMAL(28,4)", "Matched value, VND."),
        Column("best_instrument_id", "INT", "Instrument with the highest return; ties go to the lower id."),
        Column("worst_instrument_id", "INT", "Instrument with the lowest return; ties go to the lower id."),
        Column("strongest_instrument_id", "INT", "First of the momentum ranking.", nullable=True),
        Column("portfolio", "STRING", "Portfolio of the risk figures: the first by name.", nullable=True),
        Column("value_at_risk_99_vnd", "DECIMAL(18,0)", "Its one-day 99 % value at risk, VND.", nullable=True),
        RUN_ID,
    ),
    key=("session_date",),
    owner="reports",
    made_from=(RETURNS_1D, MOMENTUM_1D, VALUE_AT_RISK),
    rules=(Rule("parts_make_the_whole", "advances + declines + unchanged = instruments"),),
)

TABLES = (MOMENTUM_1D, VALUE_AT_RISK, DAILY_REPORT)
