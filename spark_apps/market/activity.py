"""Bars by activity: as wide as a number of trades, a volume, a value or an imbalance takes to come together."""

from typing import Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from spark_apps.kernels import Kernels
from spark_apps.kernels.arrow import decimals, unscaled
from spark_apps.kernels.layouts import Ints
from spark_apps.kernels.reference_fold_bars import sums_from
from spark_apps.market.bars import PRICES, SECOND
from spark_apps.rules.calendar import DAY_NS, EXCHANGE_OFFSET_NS
from spark_apps.tables.activity import BARS_BY_ACTIVITY

# Who crossed the spread, as the source says; of other trades the tick rule says it.
SIGNS = {"buy": 1, "sell": -1, "auction": 0}
OF_THE_LAKE = ("session_date", "run_id")


class BarSizes(Protocol):
    """Describe how large bars are, by what fills them."""

    @property
    def tick(self) -> int:
        """Give the number of trades."""

    @property
    def volume(self) -> int:
        """Give the shares or contracts."""

    @property
    def value(self) -> int:
        """Give the value, VND; for futures points times contracts."""

    @property
    def imbalance(self) -> int:
        """Give the shares or contracts bought beyond those sold, or the other way round."""


def build_bars_by_activity(trades: pa.Table, kernels: Kernels, bar_sizes: BarSizes) -> pa.Table:
    """Cut the trades of one session into bars four times: by trades, volume, value and imbalance.

    Grain: one row per instrument, measure and bar. Trades count in order of (event_time, source, source_seq), each in
    one bar; cancelled ones count for nothing. No bar spans two sessions. A bar is available in the second after every
    trade up to its last one had come as it stands; one that is not full, when the day is over and all of the session
    had.
    """
    trades = trades.sort_by([(name, "ascending") for name in ("instrument_id", "event_time", "source", "source_seq")])
    known_at = _known_by(trades)
    is_counted = pc.greater(trades["quantity"], 0)
    trades, known_at = trades.filter(is_counted), known_at[:, is_counted.to_numpy()]
    price, quantity = unscaled(trades["price"]), trades["quantity"].to_numpy()
    signed = _signs(trades, price) * quantity
    amounts = {"tick": np.ones_like(quantity), "volume": quantity, "value": price * quantity, "imbalance": signed}
    sizes = {
        "tick": bar_sizes.tick,
        "volume": bar_sizes.volume,
        "value": bar_sizes.value * 10_000,
        "imbalance": bar_sizes.imbalance,
    }
    parts = []
    for measure, amount in amounts.items():
        ends, full = kernels.bar_ends(trades["instrument_id"].to_numpy(), amount, sizes[measure])
        bars = _bars(trades, price, signed, known_at, ends, full.astype(np.bool_))
        bars = bars.append_column("measure", pa.array([measure] * len(bars), pa.string()))
        parts.append(bars.append_column("size", pa.array([getattr(bar_sizes, measure)] * len(bars), pa.int64())))
    return pa.concat_tables(parts).select([name for name in BARS_BY_ACTIVITY.column_names if name not in OF_THE_LAKE])


def _bars(trades: pa.Table, price: Ints, signed: Ints, known_at: Ints, ends: Ints, full: NDArray[np.bool_]) -> pa.Table:
    """Gather the trades between one end and the next."""
    time, quantity = trades["event_time"].to_numpy(), trades["quantity"].to_numpy()
    first, last = np.append(0, ends[:-1])[: len(ends)], ends - 1
    instrument = trades["instrument_id"].to_numpy()[first]
    so_far, of_session = known_at[:, last] + SECOND
    day_ends = ((time[last] + EXCHANGE_OFFSET_NS) // DAY_NS + 1) * DAY_NS - EXCHANGE_OFFSET_NS
    # A source's clock may be ahead of ours: no bar is known before its last trade's time.
    available = np.where(full, np.maximum(so_far, time[last]), np.maximum(of_session, day_ends))
    highest, lowest = (extreme.reduceat(price, first) if len(first) else price for extreme in (np.maximum, np.minimum))
    prices = dict(zip(PRICES, (price[first], highest, lowest, price[last]), strict=True))
    return pa.table(
        {
            "instrument_id": instrument,
            "bar_number": _places_within(instrument),
            "bar_start": time[first],
            "bar_end": time[last],
            **{name: decimals(values, 18, 4) for name, values in prices.items()},
            "volume": sums_from(quantity, first),
            "value": decimals(sums_from(price * quantity, first), 28, 4),
            "trade_count": last - first + 1,
            "imbalance": np.add.reduceat(signed, first) if len(first) else signed,
            "is_full": full,
            "available_at": available,
        }
    )


def _signs(trades: pa.Table, price: Ints) -> Ints:
    """Say of each trade who crossed the spread: 1 a buyer, -1 a seller, 0 nobody.

    Where the source does not say, by the tick rule: as the last change of the instrument's price in the session, 0
    before the first (C. Lee and M. Ready, Inferring Trade Direction from Intraday Data, 1991).
    """
    instrument = trades["instrument_id"].to_numpy()
    change = np.sign(np.diff(price, prepend=price[:1]))
    is_first = np.diff(instrument, prepend=0) != 0
    change[is_first] = 0
    place = np.arange(len(price))
    rule = change[np.maximum.accumulate(np.where((change != 0) | is_first, place, 0))] if len(price) else change
    said = pc.index_in(trades["side"], pa.array(list(SIGNS))).to_numpy(zero_copy_only=False)
    signs = np.array([*SIGNS.values(), 0])[np.nan_to_num(said, nan=len(SIGNS)).astype(np.int64)]
    return np.where(np.isnan(said), rule, signs)


def _known_by(trades: pa.Table) -> Ints:
    """Give two rows: the second in which all trades of an instrument up to each had come as they stand, and all of it.

    Cancelled ones are among them: until that was known, they were in a bar.
    """
    known: Ints = np.tile(trades["known_at"].to_numpy(), (2, 1))
    begins = _begins(trades["instrument_id"].to_numpy())
    for first, last in zip(begins, np.append(begins, len(trades))[1:], strict=True):
        np.maximum.accumulate(known[0, first:last], out=known[0, first:last])
        known[1, first:last] = known[0, last - 1]
    return known


def _begins(instrument: NDArray[np.int32]) -> NDArray[np.int64]:
    """Give the place of each instrument's first row."""
    return np.flatnonzero(np.diff(instrument, prepend=0))


def _places_within(instrument: NDArray[np.int32]) -> NDArray[np.int32]:
    """Give each row its number within its instrument, from 0."""
    begins = _begins(instrument)
    counts = np.diff(begins, append=len(instrument))
    return (np.arange(len(instrument)) - np.repeat(begins, counts)).astype(np.int32)
