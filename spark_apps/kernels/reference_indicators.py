"""Fold prices to indicators slowly and plainly: the twin of `cpp_udfs/include/kernels/indicators.hpp`, to the bit."""

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from spark_apps.errors import RuleViolated, SchemaMismatch
from spark_apps.kernels.layouts import Ints
from spark_apps.kernels.reference_indicator_state import GROUPS, IndicatorStage, IndicatorState
from spark_apps.kernels.sections import SECTION
from spark_apps.tables.indicators import ALL_INDICATORS

Reals: TypeAlias = NDArray[np.float64]


def indicator_outputs() -> list[tuple[str, int, int, int]]:
    """Give every indicator in order: name, warm-up rows, and of its group the words of state and the rows of past."""
    warm_ups = {indicator.name: indicator.warm_up for indicator in ALL_INDICATORS}
    return [(name, warm_ups[name], len([*group().words()]), group.BACK) for group in GROUPS for name in group.OUTPUTS]


class IndicatorFold:
    """Fold rows of many instruments to the named indicators, state carried from call to call."""

    def __init__(self, names: Sequence[str]) -> None:
        """Raise SchemaMismatch for a name that no indicator has, or that is asked for twice."""
        self._stage = IndicatorStage(names)
        self._states: dict[int, IndicatorState] = {}

    def apply(
        self,
        instrument_id: NDArray[np.int32],
        open_price: Reals,
        high: Reals,
        low: Reals,
        close: Reals,
        volume: Ints,
    ) -> tuple[Reals, Ints, Ints]:
        """Give (values[n, names], opening_hash[n], closing_hash[n]); NaN while an indicator warms up.

        Rows of one instrument come in order of time, instruments in any grouping. Hashes are those of the instrument's
        state before and after the row, 0 where there is none. Raise RuleViolated for a price that is not finite.
        """
        check_rows(instrument_id, open_price, high, low, close, volume)
        values = np.empty((len(instrument_id), self._stage.width), order="F")
        hashes = np.empty((2, len(instrument_id)), np.uint64)
        columns = (instrument_id, open_price + 0.0, high + 0.0, low + 0.0, close + 0.0, volume.astype(np.float64))
        for place, (key, *inputs) in enumerate(zip(*(column.tolist() for column in columns), strict=True)):
            state = self._states.get(key) or self._states.setdefault(key, self._stage.new())
            hashes[0, place] = state.digest
            values[place] = self._stage.push(state, *inputs)
            hashes[1, place] = state.digest
        opening, closing = hashes.view(np.int64)
        return values, opening, closing

    def state(self, instrument_id: int) -> bytes:
        """Give the state of an instrument, empty bytes where it has none."""
        state = self._states.get(instrument_id)
        return self._stage.write(state) if state else b""

    def restore(self, instrument_id: int, state: bytes) -> None:
        """Replace the state of an instrument; empty bytes forget it. Raise StateMismatch where it does not fit."""
        self._states.pop(instrument_id, None)
        if state:
            self._states[instrument_id] = self._stage.read(str(instrument_id), state)


def state_hash(state: bytes) -> int:
    """Give the hash that a state carries, as opening_hash and closing_hash name it; 0 for empty bytes."""
    return int.from_bytes(state[SECTION.itemsize + 8 : SECTION.itemsize + 16], "little", signed=True)


def check_rows(
    instrument_id: NDArray[np.int32], open_price: Reals, high: Reals, low: Reals, close: Reals, volume: Ints
) -> None:
    """Refuse columns of unequal length and prices that are not finite, naming the first such row."""
    columns = (instrument_id, open_price, high, low, close, volume)
    if len({len(column) for column in columns}) != 1:
        raise SchemaMismatch(f"indicators: columns of {[len(column) for column in columns]} rows; they must be equal")
    is_good = np.isfinite(open_price) & np.isfinite(high) & np.isfinite(low) & np.isfinite(close)
    if not is_good.all():
        row = int(np.argmin(is_good))
        prices = f"open {open_price[row]}, high {high[row]}, low {low[row]}, close {close[row]}"
        raise RuleViolated(f"indicators: row {row}, {prices}: not finite. Set such rows aside before folding")
