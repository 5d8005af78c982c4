"""Read the last word of the live tables, as the drills hold it against truth and oracle."""

from datetime import date

import numpy as np

from spark_apps.kernels.layouts import FIGURES
from spark_apps.tables.features import STANDING
from spark_apps.tables.indicators import CHOSEN
from spark_apps.tables.live import (
    BARS_1M_LIVE,
    CROSS_SECTION_1M_LIVE,
    CROSS_SIGNALS_1M_LIVE,
    INDICATORS_1M_LIVE,
    QUOTES_1M_LIVE,
    SIGNALS_1M_LIVE,
)
from spark_apps.tables.model import Table
from spark_apps.tables.strategies import NUMBER_OF
from spark_apps.tables.strategy_model import Result
from tests.drills.application import Application
from tests.drills.cross_cases import Standings
from tests.drills.indicator_truth import Indicators
from tests.drills.quote_truth import Figures
from tests.drills.signal_truth import SAYS, Signals
from tests.drills.truth import VALUES, Bars

EPOCH = date(1970, 1, 1)


def live_bars(lake: Application) -> Bars:
    """Give the last revision of every bar that holds a trade, prices and value unscaled."""
    last: Bars = {}
    for row in lake.read(BARS_1M_LIVE).sort_by("revision").to_pylist():
        values = tuple(int(row[name] * (1 if name in ("volume", "trade_count") else 10_000)) for name in VALUES)
        last[0, (row["session_date"] - EPOCH).days, row["instrument_id"], row["bar_start"]] = values
    return {key: values for key, values in last.items() if values[-1]}


def live_indicators(lake: Application) -> Indicators:
    """Give the last revision of every bar's indicators, but of bars that corrections emptied."""
    last: Indicators = {}
    for row in lake.read(INDICATORS_1M_LIVE).sort_by("revision").to_pylist():
        values = np.array([row[name] for name in CHOSEN], np.float64).tobytes()
        key = (0, (row["session_date"] - EPOCH).days, row["instrument_id"], row["bar_start"])
        last[key] = (row["opening_hash"], row["closing_hash"], values)
    return {key: row for key, row in last.items() if row[0] != row[1]}


def live_signals(lake: Application, table: Table = SIGNALS_1M_LIVE) -> Signals:
    """Give the last revision of everything that strategies did, but what was withdrawn."""
    last: Signals = {}
    for row in lake.read(table).sort_by("revision").to_pylist():
        key = (
            0,
            (row["session_date"] - EPOCH).days,
            row["instrument_id"],
            row["bar_start"],
            NUMBER_OF[row["strategy"]],
        )
        last[key] = tuple(Result[row[name].upper()] if name == "result" else row[name] for name in SAYS)
    return {key: says for key, says in last.items() if says[SAYS.index("result")] != Result.WITHDRAWN}


def live_standings(lake: Application) -> Standings:
    """Give the last revision of how every bar stands, but of bars that corrections emptied."""
    last: Standings = {}
    names = [column.name for column in STANDING[1:]]
    for row in lake.read(CROSS_SECTION_1M_LIVE).sort_by("revision").to_pylist():
        key = ((row["session_date"] - EPOCH).days, row["bar_start"], row["instrument_id"])
        last[key] = (row["peers"], np.array([row[name] for name in names], np.float64).tobytes())
    return {key: row for key, row in last.items() if row[0] >= 0}


def live_cross_signals(lake: Application) -> Signals:
    """Give the last revision of everything that strategies over standings did, but what was withdrawn."""
    return live_signals(lake, CROSS_SIGNALS_1M_LIVE)


def live_figures(lake: Application) -> Figures:
    """Give the last revision of what quotes say of every bar, but of bars that corrections emptied."""
    last: Figures = {}
    for row in lake.read(QUOTES_1M_LIVE).sort_by("revision").to_pylist():
        row |= {name: int((row[name] or 0) * 10_000) for name in ("bid", "ask")}
        numbers = tuple(np.nan if row[name] is None else row[name] for name in FIGURES.names or ())
        key = (0, (row["session_date"] - EPOCH).days, row["instrument_id"], row["bar_start"])
        last[key] = np.array(numbers, FIGURES).tobytes()
        if row["quote_count"] < 0:
            del last[key]
    return last
