"""Fold prices to indicators slowly and plainly: the twin of `cpp_udfs/include/kernels/indicators.hpp`, to the bit."""

import struct
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from spark_apps.errors import RuleViolated, SchemaMismatch
from spark_apps.kernels.records import Ints
from spark_apps.kernels.reference_indicator_state import IndicatorState
from spark_apps.kernels.sections import INDICATOR_FOLD, SECTION, mismatch, parameter_hash, seal, unseal
from spark_apps.tables.indicators import INDICATORS

Reals: TypeAlias = NDArray[np.float64]
LAYOUT = 1
# Spans and windows, in the order of tables.indicators.INDICATORS.
PARAMETERS = parameter_hash((20, 20, 14, 12, 26, 9, 20, 2, 14, 10, 14, 14))
WIDTH = len(INDICATORS)
# Count, digest; rings of closes, highs, lows, flows; thirteen sums and means.
_BODY = struct.Struct("<qQ20d14d14d14d13d")


class IndicatorFold:
    """Fold rows of many instruments to twelve indicators each, state carried from call to call."""

    def __init__(self) -> None:
        self._states: dict[int, IndicatorState] = {}

    def apply(
        self, instrument_id: NDArray[np.int32], high: Reals, low: Reals, close: Reals, volume: Ints
    ) -> tuple[Reals, Ints, Ints]:
        """Give (values[n, 12], opening_hash[n], closing_hash[n]); NaN while an indicator warms up.

        Rows of one instrument come in order of time, instruments in any grouping. Hashes are those of the instrument's
        state before and after the row, 0 where there is none. Raise RuleViolated for a price that is not finite.
        """
        check_rows(instrument_id, high, low, close, volume)
        values = np.empty((len(instrument_id), WIDTH))
        hashes = np.empty((2, len(instrument_id)), np.uint64)
        columns = (instrument_id, high + 0.0, low + 0.0, close + 0.0, volume)
        rows = zip(*(column.tolist() for column in columns), strict=True)
        for place, (key, top, bottom, last, traded) in enumerate(rows):
            state = self._states.setdefault(key, IndicatorState())
            hashes[0, place] = state.digest
            values[place] = state.push(top, bottom, last, traded)
            hashes[1, place] = state.digest
        opening, closing = hashes.view(np.int64)
        return values, opening, closing

    def state(self, instrument_id: int) -> bytes:
        """Give the state of an instrument, empty bytes where it has none."""
        state = self._states.get(instrument_id)
        return seal(INDICATOR_FOLD, LAYOUT, PARAMETERS, _BODY.pack(*state.numbers())) if state else b""

    def restore(self, instrument_id: int, state: bytes) -> None:
        """Replace the state of an instrument; empty bytes forget it. Raise StateMismatch where it does not fit."""
        self._states.pop(instrument_id, None)
        if state:
            body = unseal(str(instrument_id), state, INDICATOR_FOLD, LAYOUT, PARAMETERS)
            if len(body) != _BODY.size:
                raise mismatch(str(instrument_id), f"{len(body)} bytes of body, the layout has {_BODY.size}")
            count, digest, *numbers = _BODY.unpack(body)
            self._states[instrument_id] = IndicatorState.of(count, digest, tuple(numbers))


def state_hash(state: bytes) -> int:
    """Give the hash that a state carries, as opening_hash and closing_hash name it; 0 for empty bytes."""
    return int.from_bytes(state[SECTION.itemsize + 8 : SECTION.itemsize + 16], "little", signed=True)


def check_rows(instrument_id: NDArray[np.int32], high: Reals, low: Reals, close: Reals, volume: Ints) -> None:
    """Refuse columns of unequal length and prices that are not finite, naming the first such row."""
    columns = (instrument_id, high, low, close, volume)
    if len({len(column) for column in columns}) != 1:
        raise SchemaMismatch(f"indicators: columns of {[len(column) for column in columns]} rows; they must be equal")
    is_good = np.isfinite(high) & np.isfinite(low) & np.isfinite(close)
    if not is_good.all():
        row = int(np.argmin(is_good))
        prices = f"high {high[row]}, low {low[row]}, close {close[row]}"
        raise RuleViolated(f"indicators: row {row}, {prices}: not finite. Set such rows aside before folding")
