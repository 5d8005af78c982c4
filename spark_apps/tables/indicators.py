"""What the recent path looks like: ten indicators as folds over daily and minute bars, and their states."""

from spark_apps.tables.daily import DAILY_PRICES
from spark_apps.tables.market import AVAILABLE_AT, BARS_1M, INSTRUMENT, SESSION
from spark_apps.tables.model import RUN_ID, Column, Table

OPENING = Column("opening_hash", "BIGINT", "Hash of the instrument's state before this row; 0 before the first.")
CLOSING = Column("closing_hash", "BIGINT", "Hash of the instrument's state after this row.")

# Order and meaning are those of cpp_udfs/include/kernels/indicators.hpp; null while warming up.
INDICATORS = tuple(
    Column(name, "DOUBLE", doc, nullable=True)
    for name, doc in (
        ("sma_20", "Mean of the last 20 closes."),
        ("ema_20", "Exponential mean of closes, span 20, seeded by the mean of the first 20."),
        ("rsi_14", "Relative strength index of Wilder, 14 bars, 0 to 100."),
        ("macd_12_26", "EMA 12 minus EMA 26 of closes."),
        ("macd_signal_9", "EMA 9 of macd_12_26."),
        ("bollinger_upper_20", "sma_20 plus two population standard deviations of the last 20 closes."),
        ("bollinger_lower_20", "sma_20 minus two population standard deviations of the last 20 closes."),
        ("atr_14", "Average true range of Wilder, 14 bars."),
        ("obv", "On-balance volume: running sum of volume signed by the change of the close."),
        ("roc_10", "Change of the close over 10 bars, per cent."),
        ("stochastic_k_14", "Place of the close in the range of the last 14 bars, 0 to 100."),
        ("mfi_14", "Money flow index, 14 bars, 0 to 100."),
    )
)


def _states(name: str, width: str) -> Table:
    return Table(
        layer="gold",
        name=name,
        grain=f"one row per instrument per session: state of the {width} indicator fold",
        columns=(
            INSTRUMENT,
            SESSION,
            OPENING,
            CLOSING,
            Column(
                "state", "BINARY", "Closing state; kept for the last session of a year and of a run.", nullable=True
            ),
            RUN_ID,
        ),
        key=("instrument_id", "session_date"),
        owner="research",
        unequal=("run_id", "state"),
    )


def _indicators(
    name: str, grain: str, clock: tuple[Column, ...], made_from: Table, states: Table, sliced: bool
) -> Table:
    return Table(
        layer="gold",
        name=name,
        grain=grain,
        columns=(INSTRUMENT, SESSION, *clock, *INDICATORS, OPENING, CLOSING, AVAILABLE_AT, RUN_ID),
        key=("instrument_id", *(column.name for column in clock or (SESSION,))),
        owner="research",
        partition_by=("session_date",) if sliced else (),
        made_from=(made_from,),
        carries=(states,),
    )


INDICATOR_STATES_1D = _states("indicator_states_1d", "daily")
INDICATOR_STATES_1M = _states("indicator_states_1m", "minute")
INDICATORS_1D = _indicators(
    "indicators_1d",
    "one row per instrument per session with an adjusted close above zero",
    (),
    DAILY_PRICES,
    INDICATOR_STATES_1D,
    sliced=False,
)
INDICATORS_1M = _indicators(
    "indicators_1m",
    "one row per instrument per minute bar",
    (Column("bar_start", "BIGINT", "Start of the bar, inclusive, nanoseconds UTC."),),
    BARS_1M,
    INDICATOR_STATES_1M,
    sliced=True,
)

TABLES = (INDICATORS_1D, INDICATOR_STATES_1D, INDICATORS_1M, INDICATOR_STATES_1M)
