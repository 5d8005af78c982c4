"""Hold what the indicator fold remembers of one instrument, and take one row after the other.

Seeds and order of operations are TA-Lib's where it has the indicator, so values equal its values. Only + - * / and
sqrt occur, in one order, which IEEE 754 fixes.

The digest is FNV-1a 64 over the rows seen (open, high, low, close, volume as doubles), taken eight bytes at a time, the
upper half folded down after each step. Equal digests mean equal history, hence equal state; hashing all bytes of the
state at every row would cost more than the indicators.
"""

import struct
from collections.abc import Iterator, Sequence
from typing import Self

import numpy as np
from numpy.typing import NDArray

from spark_apps.errors import SchemaMismatch
from spark_apps.kernels import reference_momentum as momentum
from spark_apps.kernels import reference_momentum_ranges as ranges
from spark_apps.kernels import reference_trend_averages as averages
from spark_apps.kernels import reference_trend_direction as direction
from spark_apps.kernels import reference_volatility as volatility
from spark_apps.kernels import reference_volume as volume
from spark_apps.kernels.reference_parts import HISTORY, Group, Past, Row, Values, larger, magnitude
from spark_apps.kernels.sections import FNV_OFFSET, FNV_PRIME, INDICATOR_FOLD, MASK, byte_hash, mismatch, seal, unseal
from spark_apps.tables.indicators import ALL_INDICATORS
from spark_apps.tables.strategies import QUOTE_NUMBERS

INPUTS = ("open", "high", "low", "close", "volume")
LAYOUT = 2

# The order of spark_apps/tables/indicators.py and of cpp_udfs/include/kernels/indicator_lanes.hpp.
GROUPS: tuple[type[Group], ...] = (
    averages.Mean20,
    averages.Exponential20,
    averages.ChainedExponential20,
    averages.Weighted20,
    averages.Triangular20,
    averages.Kaufman10,
    averages.Tillson5,
    averages.Hull16,
    averages.ZeroLag20,
    averages.Smoothed14,
    averages.VolumeWeighted20,
    averages.Regression14,
    averages.Middle14,
    averages.Macd,
    averages.Trix15,
    averages.Detrended20,
    direction.KnowSureThing,
    direction.ParabolicSar,
    direction.Directional14,
    direction.DirectionalIndex14,
    direction.DirectionalRating14,
    direction.Aroon14,
    direction.Vortex14,
    direction.Ichimoku,
    direction.Supertrend10,
    direction.MassIndex25,
    momentum.Rsi14,
    momentum.Chande14,
    ranges.Stochastic14,
    ranges.StochasticMeans14,
    momentum.StochasticRsi14,
    ranges.Williams14,
    ranges.CommodityChannel20,
    momentum.Change10,
    momentum.AbsoluteOscillator,
    momentum.PercentageOscillator,
    ranges.Ultimate,
    ranges.BalanceOfPower,
    ranges.Awesome,
    momentum.TrueStrength,
    momentum.Coppock,
    ranges.RelativeVigor10,
    ranges.ElderRay13,
    momentum.ForecastOscillator14,
    momentum.Psychological12,
    momentum.Disparity20,
    momentum.Efficiency10,
    ranges.Body10,
    volatility.TrueRange,
    volatility.AverageTrueRange14,
    volatility.NormalizedRange14,
    volatility.Bollinger20,
    volatility.BollingerPlace20,
    volatility.MeanDeviation20,
    volatility.Keltner20,
    volatility.Donchian20,
    volatility.ChaikinVolatility10,
    volatility.Ulcer14,
    volatility.ReturnVolatility20,
    volatility.Chandelier22,
    volatility.Acceleration20,
    volatility.RelativeVolatility14,
    volatility.MeanRange14,
    volume.OnBalance,
    volume.Accumulation,
    volume.ChaikinOscillator,
    volume.ChaikinMoneyFlow20,
    volume.MoneyFlow14,
    volume.Force13,
    volume.EaseOfMovement14,
    volume.PriceTrend,
    volume.VolumeIndexes,
    volume.RollingVwap20,
    volume.VolumeMean20,
    volume.VolumeOscillator,
    volume.Klinger,
    volume.VolumeZone14,
)


class IndicatorState:
    """Remember one instrument: rows of the past as deep as the chosen groups look, and the groups' own numbers."""

    def __init__(self, chosen: Sequence[type[Group]]) -> None:
        self.count = 0
        self.digest = 0
        self.depth = max((group.BACK for group in chosen), default=0)
        self._groups = [group() for group in chosen]
        self._row = Row(0, *(Past(HISTORY + 1) for _ in range(7)))

    def push(self, open_: float, high: float, low: float, close: float, volume: float) -> Values:
        """Take the next row; give the values of the chosen groups in order, warm-up rows not yet blanked."""
        self._chain(open_, high, low, close, volume)
        self._enter(self.count, (open_, high, low, close, volume))
        self.count += 1
        return tuple(value for group in self._groups for value in group.push(self._row))

    def body(self) -> bytes:
        """Give the state as bytes: count, digest, past inputs column by column, then the groups."""
        words = [*self._past(), *(word for group in self._groups for word in group.words())]
        return struct.pack(f"<qQ{len(words)}d", self.count, self.digest, *words)

    @classmethod
    def of(cls, chosen: Sequence[type[Group]], body: bytes) -> Self:
        """Make a state of its bytes, whose length must be that of body()."""
        state = cls(chosen)
        state.count, state.digest, *numbers = struct.unpack(f"<qQ{(len(body) - 16) // 8}d", body)
        columns = [numbers[i * state.depth : (i + 1) * state.depth] for i in range(len(INPUTS))]
        for age, inputs in zip(range(-state.depth, 0), zip(*columns, strict=True), strict=True):
            state._enter(state.count + age, inputs)
        words = iter(numbers[len(INPUTS) * state.depth :])
        for group in state._groups:
            group.refill(words)
        return state

    def _past(self) -> Iterator[float]:
        for name in INPUTS:
            column: Past = getattr(self._row, name)
            yield from column.values[len(column.values) - self.depth :]

    def _enter(self, number: int, inputs: Sequence[float]) -> None:
        """Make these the newest inputs; derive the typical price and the true range."""
        row = self._row
        row.number = number
        for name, value in zip(INPUTS, inputs, strict=True):
            getattr(row, name).push(value)
        high, low, before = row.high[0], row.low[0], row.close[-1]
        widest = high - low
        if number > 0:
            widest = larger(magnitude(before - high), widest)
            widest = larger(magnitude(before - low), widest)
        row.typical.push((high + low + row.close[0]) / 3.0)
        row.true_range.push(widest)

    def _chain(self, *inputs: float) -> None:
        digest = self.digest if self.count else FNV_OFFSET
        for word in struct.unpack("<5Q", struct.pack("<5d", *inputs)):
            digest = ((digest ^ word) * FNV_PRIME) & MASK
            digest ^= digest >> 32
        self.digest = digest


class IndicatorStage:
    """Say which indicators are computed, how an instrument takes its next row, and how its state is written."""

    def __init__(self, names: Sequence[str]) -> None:
        """Raise SchemaMismatch for a name that no indicator has, or that is asked for twice."""
        known = {name for group in GROUPS for name in group.OUTPUTS}
        for place, name in enumerate(names):
            if name not in known or name in names[:place]:
                raise SchemaMismatch(
                    f"indicators: '{name}' is no indicator, or is asked for twice. See spark_apps/tables/indicators.py"
                )
        self._chosen = [group for group in GROUPS if set(group.OUTPUTS) & set(names)]
        offered = [name for group in self._chosen for name in group.OUTPUTS]
        warm_ups = {indicator.name: indicator.warm_up for indicator in ALL_INDICATORS}
        self._places = [offered.index(name) for name in names]
        self._warm_ups = np.array([warm_ups[name] for name in names], np.int64)
        self.parameters = byte_hash("".join(f"{name} {warm_ups[name]} " for name in offered).encode())

    @property
    def width(self) -> int:
        """Give the number of indicators."""
        return len(self._places)

    @property
    def inputs(self) -> int:
        """Give how many numbers strategies may compare: a bar's own, its quotes' and these; none without these."""
        return len(INPUTS) + len(QUOTE_NUMBERS) + self.width if self.width else 0

    def new(self) -> IndicatorState:
        """Give the state of an instrument that has seen no row."""
        return IndicatorState(self._chosen)

    def push(self, state: IndicatorState, *inputs: float) -> NDArray[np.float64]:
        """Take the next row of an instrument; give a value per name, NaN while it warms up."""
        is_warm = state.count >= self._warm_ups
        row = state.push(*inputs)
        return np.where(is_warm, [row[place] for place in self._places], np.nan)

    def write(self, state: IndicatorState) -> bytes:
        """Write a state as a section."""
        return seal(INDICATOR_FOLD, LAYOUT, self.parameters, state.body())

    def read(self, name: str, section: bytes) -> IndicatorState:
        """Read a section back; raise StateMismatch where it does not fit."""
        return self.of(name, unseal(name, section, INDICATOR_FOLD, LAYOUT, self.parameters))

    def of(self, name: str, body: bytes) -> IndicatorState:
        """Make a state of its bytes; raise StateMismatch where their number is not that of the layout."""
        size = len(self.new().body())
        if len(body) != size:
            raise mismatch(name, f"{len(body)} bytes of body, the layout has {size}")
        return IndicatorState.of(self._chosen, body)
