"""How minute bars stand among those of other instruments."""

import numpy as np
import pyarrow as pa

from spark_apps.kernels import Kernels
from spark_apps.kernels.arrow import sorted_rows, unscaled
from spark_apps.tables.features import CROSS_SECTION_1M, MARKET_MINUTES, MOVE_MINUTES, STANDING


def rank_bars(bars: pa.Table, kernels: Kernels) -> pa.Table:
    """Say of each minute bar of one session how it stands among all instruments that have traded by then.

    Grain: one row per bar, known once every bar up to its minute is. Units: shares and relative changes; minutes are
    those in which anything traded. Meaning: kernels/reference_cross_section.py.
    """
    bars = sorted_rows(bars, "bar_start", "instrument_id")
    ids, starts = bars["instrument_id"].to_numpy(), bars["bar_start"].to_numpy()
    found = kernels.cross_section(
        ids, starts, unscaled(bars["close"]), unscaled(bars["value"]), MOVE_MINUTES, MARKET_MINUTES
    )
    of_table = [column.name for column in STANDING]
    made = {name: pa.array(values, from_pandas=True) for name, values in zip(of_table, found.values(), strict=True)}
    known = np.maximum.accumulate(bars["available_at"].to_numpy())
    last_of_minute = np.searchsorted(starts, starts, side="right") - 1
    made |= {"instrument_id": bars["instrument_id"], "bar_start": bars["bar_start"]}
    made["available_at"] = pa.array(known[last_of_minute])
    return pa.table({name: made[name] for name in CROSS_SECTION_1M.column_names if name in made})
