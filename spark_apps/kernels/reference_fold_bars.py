"""Fold the trades of whole sessions to bars at once: the twin of `fold_bars` in `cpp_udfs/include/kernels/bars.hpp`."""

import numpy as np
from numpy.typing import NDArray

from spark_apps.errors import RuleViolated, SchemaMismatch
from spark_apps.kernels.layouts import AMOUNT_LIMIT, CLOCK_LIMIT, Ints
from spark_apps.kernels.reference_bar_state import check_parameters
from spark_apps.kernels.reference_trades import HIGHEST


def fold_bars(
    instrument_id: NDArray[np.int32], event_time: Ints, source_seq: Ints, price: Ints, quantity: Ints, width: int
) -> dict[str, NDArray[np.int32] | Ints]:
    """Fold trades to bars of `width` nanoseconds; columns sorted by (instrument_id, bar_start).

    Trades come in any order; within an instrument they count by (event_time, source_seq), ties by their place in the
    input. Where an instrument has several sources, put `source << 48 | seq` in source_seq. Quantity 0 is skipped.
    Raise RuleViolated naming the first row with an instrument or price below 1, a quantity below 0, a time outside
    [0, 2^62] or price times quantity above 2^56.
    """
    columns = (instrument_id, event_time, source_seq, price, quantity)
    if len({len(column) for column in columns}) != 1:
        raise SchemaMismatch(f"fold_bars: columns of {[len(column) for column in columns]} rows; they must be equal")
    check_parameters(width, 0, 0, 1)
    _refuse(instrument_id, event_time, price, quantity)
    order = np.lexsort((source_seq, event_time, instrument_id))
    order = order[quantity[order] > 0]
    instrument_id, event_time = instrument_id[order], event_time[order]
    price, quantity = price[order], quantity[order]
    start = event_time // width * width
    is_first = np.ones(len(order), np.bool_)
    is_first[1:] = (instrument_id[1:] != instrument_id[:-1]) | (start[1:] != start[:-1])
    first = np.flatnonzero(is_first)
    last = np.append(first[1:], len(order)) - 1 if len(first) else first
    return {
        "instrument_id": instrument_id[first],
        "bar_start": start[first],
        "open": price[first],
        "high": np.maximum.reduceat(price, first) if len(first) else price,
        "low": np.minimum.reduceat(price, first) if len(first) else price,
        "close": price[last],
        "volume": sums_from(quantity, first),
        "value": sums_from(price * quantity, first),
        "trade_count": last - first + 1,
        "available_at": start[first] + width,
    }


def _refuse(instrument_id: NDArray[np.int32], event_time: Ints, price: Ints, quantity: Ints) -> None:
    bad = (instrument_id < 1) | (price < 1) | (quantity < 0) | (event_time < 0) | (event_time > CLOCK_LIMIT)
    bad |= quantity > AMOUNT_LIMIT // np.maximum(price, 1)
    if bad.any():
        row = int(np.argmax(bad))
        values = (
            f"instrument {instrument_id[row]}, time {event_time[row]}, price {price[row]}, quantity {quantity[row]}"
        )
        raise RuleViolated(f"fold_bars: row {row} is no trade: {values}. Set such rows aside before folding")


def sums_from(values: Ints, first: Ints) -> Ints:
    """Add up the values from each first place to the next; a sum beyond int64 stays at the highest int64."""
    if not len(first):
        return values
    sums = np.add.reduceat(values, first)
    for bar in np.flatnonzero(np.add.reduceat(values.astype(np.float64), first) > HIGHEST // 2):
        end = first[bar + 1] if bar + 1 < len(first) else len(values)
        sums[bar] = min(sum(values[first[bar] : end].tolist()), HIGHEST)
    return sums
