"""Turn the fold's output records into Arrow tables with the columns of tables/live.py, our own clocks left out.

A refused record may carry any number. One that its column cannot hold stands as the largest that it can, and a verdict
that no rule has by its number, so that garbage cannot stop the tables; bronze.fold_input has it as it came.
"""

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from spark_apps.kernels.arrow import decimals
from spark_apps.kernels.layouts import QUOTE_OUT, Bytes, Ints, Kind, Rows
from spark_apps.kernels.output_records import split_outputs
from spark_apps.kernels.reasons import QUOTE_REASONS, REASONS
from spark_apps.tables.indicators import CHOSEN
from spark_apps.tables.live import (
    BARS_1M_LIVE,
    CROSS_SECTION_1M_LIVE,
    CROSS_SIGNALS_1M_LIVE,
    DUPLICATE_QUOTES_LIVE,
    DUPLICATES_LIVE,
    INDICATORS_1M_LIVE,
    LATE_LIVE,
    LATE_QUOTES_LIVE,
    QUOTES_1M_LIVE,
    REFUSED_LIVE,
    REFUSED_QUOTES_LIVE,
    SIGNALS_1M_LIVE,
)
from spark_apps.tables.model import Table
from spark_apps.tables.strategies import NAMES
from spark_apps.tables.strategy_model import Result

# Bars stand last: where all are written, their commit also says how far the output is read.
LIVE_TABLES: dict[Kind, Table] = {
    Kind.LATE: LATE_LIVE,
    Kind.REFUSED: REFUSED_LIVE,
    Kind.DUPLICATE: DUPLICATES_LIVE,
    Kind.LATE_QUOTE: LATE_QUOTES_LIVE,
    Kind.REFUSED_QUOTE: REFUSED_QUOTES_LIVE,
    Kind.DUPLICATE_QUOTE: DUPLICATE_QUOTES_LIVE,
    Kind.QUOTED: QUOTES_1M_LIVE,
    Kind.INDICATOR: INDICATORS_1M_LIVE,
    Kind.SIGNAL: SIGNALS_1M_LIVE,
    Kind.STANDING: CROSS_SECTION_1M_LIVE,
    Kind.CROSS_SIGNAL: CROSS_SIGNALS_1M_LIVE,
    Kind.BAR: BARS_1M_LIVE,
}
_LARGEST_PRICE = 10**18 - 1
_RESULTS = {result.value: result.name.lower() for result in Result}
_LAST_DAY = 2_932_896  # 9999-12-31 in days since 1970
_DECIMALS = {"open": 18, "high": 18, "low": 18, "close": 18, "price": 18, "value": 28}


def output_tables(data: Bytes, bounds: Ints) -> dict[Kind, pa.Table]:
    """Sort output records by kind: a table for every output kind, in order of emission; raise SchemaMismatch."""
    return {kind: _table(rows) for kind, rows in split_outputs(data, bounds).items()}


def _table(rows: Rows) -> pa.Table:
    names = [name for name in rows.dtype.names or () if name != "values"]
    columns = {name: _column(name, np.ascontiguousarray(rows[name])) for name in names}
    if rows.dtype == QUOTE_OUT:
        columns["reason"] = _names(rows["reason"], QUOTE_REASONS, "unknown_rule_")
    if "values" in (rows.dtype.names or ()):
        columns |= {name: _or_null(rows["values"][:, place]) for place, name in enumerate(CHOSEN)}
    return pa.table(columns)


def output_table(rows: Rows) -> pa.Table:
    """Give SIGNAL_OUT or QUOTED_OUT rows the columns of their table; their cause and revision too."""
    return _table(rows)


def _or_null(values: NDArray[np.float64]) -> pa.Array:
    return pa.array(values, mask=np.isnan(values))


def _column(name: str, values: Any) -> pa.Array:
    return _or_null(values) if values.dtype.kind == "f" else _numbers(name, values)


def _numbers(name: str, values: Ints) -> pa.Array:
    if name == "session_date":
        return pa.array(np.clip(values, 0, _LAST_DAY)).cast(pa.date32())
    if name == "reason":
        return _names(values, REASONS, "unknown_rule_")
    if name in ("bid", "ask"):
        prices = decimals(np.clip(values, -_LARGEST_PRICE, _LARGEST_PRICE), 18, 4)
        return pc.if_else(pa.array(values != 0), prices, pa.scalar(None, prices.type))
    if name == "result":
        return _names(values, _RESULTS, "unknown_result_")
    if name == "strategy":
        return _names(values, NAMES, "unknown_strategy_")
    if name == "needs_approval":
        return pa.array(values != 0)
    if name == "source":
        return pa.array(values.astype(np.int32))
    if name == "price":
        values = np.clip(values, -_LARGEST_PRICE, _LARGEST_PRICE)
    return decimals(values, _DECIMALS[name], 4) if name in _DECIMALS else pa.array(values)


def _names(numbers: Ints, known: dict[int, str], unknown: str) -> pa.Array:
    distinct, places = np.unique(numbers, return_inverse=True)
    names = [known.get(number, f"{unknown}{number}") for number in distinct.tolist()]
    return pa.array(np.array(names, object)[places], pa.string())
