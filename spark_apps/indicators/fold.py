"""The chosen indicators over bars, by one fold whose state is carried from session to session."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from spark_apps.kernels import Kernels, reference
from spark_apps.kernels.arrow import sorted_rows, unscaled
from spark_apps.kernels.layouts import Ints
from spark_apps.market.indices import index_ids
from spark_apps.rules.ticks import UNIT
from spark_apps.tables.indicators import INDICATORS

Reals = NDArray[np.float64]
KEYS = ("instrument_id", "session_date", "clock", "available_at")
OF_BARS = ("instrument_id", "session_date", "open", "high", "low", "close", "volume", "available_at")
DAILY_INPUT = (*OF_BARS, "adjusted_close")
MINUTE_INPUT = (*OF_BARS, "bar_start")


def fold_daily(prices: pa.Table, opening: pa.Table, kernels: Kernels) -> pa.Table:
    """Fold daily prices on the adjusted scale: open, high and low move with the close.

    Takes all rows of some instruments, and the state that each opens from. Grain: one row per instrument, indices left
    out, per session with an adjusted close above zero; `state` is kept on the last row of each instrument's year and
    of the run. An open, high or low that is empty or not above zero was never traded: the close stands for it.
    """
    is_index = pc.is_in(prices["instrument_id"], pa.array(index_ids(), pa.int32()))
    rows = prices.filter(pc.and_(pc.invert(is_index), pc.greater(_units(prices["adjusted_close"]), 0)))
    close = _prices(rows["adjusted_close"])
    scale = close / _prices(rows["close"])
    bars = {"close": close}
    for name in ("open", "high", "low"):
        price = _prices(rows[name])
        bars[name] = np.where(price > 0, price * scale, close)
    clock = rows["session_date"].cast(pa.int32()).cast(pa.int64())
    return _fold(rows.append_column("clock", clock), bars, opening, kernels).drop_columns(["clock"])


def fold_minutes(bars: pa.Table, opening: pa.Table, kernels: Kernels) -> pa.Table:
    """Fold minute bars. Grain: one row per instrument per minute bar; `state` as in fold_daily."""
    prices = {name: _prices(bars[name]) for name in ("open", "high", "low", "close")}
    folded = _fold(bars.append_column("clock", bars["bar_start"]), prices, opening, kernels)
    return folded.rename_columns({"clock": "bar_start"})


def _units(prices: pa.ChunkedArray) -> pa.Array:
    """Give prices unscaled at four decimals, 0 for none."""
    return pa.array(unscaled(pc.fill_null(prices, pa.scalar(0, prices.type))))


def _prices(prices: pa.ChunkedArray) -> Reals:
    """Give prices as doubles, 0 for none: one correctly rounded division, as in the live fold."""
    units: Ints = _units(prices).to_numpy()
    return units / UNIT


def _fold(rows: pa.Table, prices: dict[str, Reals], opening: pa.Table, kernels: Kernels) -> pa.Table:
    """Open each instrument from its state and fold what comes later, in order of time.

    Years are folded one after another, so that each instrument's state can be kept at the end of each.
    """
    fold = kernels.IndicatorFold([column.name for column in INDICATORS])
    for row in opening.select(["instrument_id", "state"]).to_pylist():
        fold.restore(row["instrument_id"], row["state"])
    bars = rows.select([*KEYS, "volume"])
    for name, values in prices.items():
        bars = bars.append_column(name, pa.array(values))
    bars = sorted_rows(bars.filter(_is_later(bars, opening)), "clock", "instrument_id")
    years = pc.year(bars["session_date"])
    parts = [_fold_year(fold, bars.filter(pc.equal(years, year))) for year in sorted(pc.unique(years).to_pylist())]
    return pa.concat_tables(parts or [_fold_year(fold, bars)])


def _is_later(bars: pa.Table, opening: pa.Table) -> pa.Array:
    """Say of each bar whether it comes after the state that its instrument opens from, or there is none."""
    days = opening["session_date"].cast(pa.int32())
    opened = dict(zip(opening["instrument_id"].to_pylist(), days.to_pylist(), strict=True))
    ids, place = np.unique(bars["instrument_id"].to_numpy(), return_inverse=True)
    before_all = np.iinfo(np.int32).min
    since = np.array([opened.get(instrument, before_all) for instrument in ids.tolist()], np.int64)
    return pa.array(bars["session_date"].cast(pa.int32()).to_numpy() > since[place])


def _fold_year(fold: reference.IndicatorFold, bars: pa.Table) -> pa.Table:
    instruments = bars["instrument_id"].to_numpy()
    opened, high, low, close, volume = (bars[name].to_numpy() for name in ("open", "high", "low", "close", "volume"))
    values, opening, closing = fold.apply(instruments, opened, high, low, close, volume)
    ids, last_from_end = np.unique(instruments[::-1], return_index=True)
    states: list[bytes | None] = [None] * len(instruments)
    for instrument, place in zip(ids, len(instruments) - 1 - last_from_end, strict=True):
        states[place] = fold.state(int(instrument))
    return _shape(bars, values, opening, closing, states)


def _shape(bars: pa.Table, values: Reals, opening: Ints, closing: Ints, states: list[bytes | None]) -> pa.Table:
    columns = {name: bars[name] for name in KEYS[:-1]}
    for place, column in enumerate(INDICATORS):
        columns[column.name] = pa.array(values[:, place], mask=np.isnan(values[:, place]))
    columns["opening_hash"] = pa.array(opening)
    columns["closing_hash"] = pa.array(closing)
    columns["available_at"] = bars["available_at"]
    columns["state"] = pa.array(states, pa.binary())
    return pa.table(columns)
