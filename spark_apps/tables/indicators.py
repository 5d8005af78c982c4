"""What the recent path looks like: chosen indicators as folds over daily and minute bars, and their states."""

from spark_apps.tables.daily import DAILY_PRICES
from spark_apps.tables.indicators_momentum import MOMENTUM
from spark_apps.tables.indicators_trend import TREND
from spark_apps.tables.indicators_volatility import VOLATILITY
from spark_apps.tables.indicators_volume import VOLUME
from spark_apps.tables.market import AVAILABLE_AT, BAR_START, BARS_1M, INSTRUMENT, SESSION
from spark_apps.tables.model import RUN_ID, Column, Table

OPENING = Column("opening_hash", "BIGINT", "Hash of the instrument's state before this row; 0 before the first.")
CLOSING = Column("closing_hash", "BIGINT", "Hash of the instrument's state after this row.")

# Every indicator of the kernels, in the order of cpp_udfs/include/kernels/indicator_lanes.hpp.
ALL_INDICATORS = (*TREND, *MOMENTUM, *VOLATILITY, *VOLUME)

# The chosen ones that the tables hold; the whole list for every instrument and minute would be ten times as large.
CHOSEN = (
    "sma_20",
    "ema_20",
    "rsi_14",
    "macd_12_26",
    "macd_signal_9",
    "bollinger_upper_20",
    "bollinger_lower_20",
    "atr_14",
    "obv",
    "roc_10",
    "stochastic_k_14",
    "mfi_14",
    "donchian_upper_20",
    "donchian_middle_20",
    "volume_ratio_20",
)
INDICATORS = tuple(next(found.column for found in ALL_INDICATORS if found.name == name) for name in CHOSEN)


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
    (BAR_START,),
    BARS_1M,
    INDICATOR_STATES_1M,
    sliced=True,
)

TABLES = (INDICATORS_1D, INDICATOR_STATES_1D, INDICATORS_1M, INDICATOR_STATES_1M)
