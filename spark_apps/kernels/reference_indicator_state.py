"""Hold what the indicator fold remembers of one instrument, and take one row after the other.

Formulas, seeds and order of operations are those of TA-Lib 0.6 (SMA, EMA, RSI, MACD, BBANDS, ATR, OBV, ROC, STOCHF,
MFI), so values equal its values; MACD's fast mean is seeded, as there, by the 12 closes that end with the 26th. Only
+ - * / and sqrt occur, in one order, which IEEE 754 fixes.

The digest is FNV-1a 64 over the rows seen (high, low, close, volume), taken eight bytes at a time, the upper half
folded down after each step. Equal digests mean equal history, hence equal state; hashing all bytes of the state at
every row would cost more than the indicators.
"""

import math
import struct
from collections.abc import Iterator
from dataclasses import astuple, dataclass, field
from itertools import pairwise
from typing import Self

from spark_apps.kernels.sections import FNV_OFFSET, FNV_PRIME, MASK

# Below this a difference counts as zero; TA-Lib's TA_EPSILON.
EPSILON = 1e-14
NAN = math.nan


@dataclass
class IndicatorState:
    """Remember one instrument: rings by row number modulo their length, running sums and means."""

    count: int = 0
    digest: int = 0
    closes: list[float] = field(default_factory=lambda: [0.0] * 20)
    highs: list[float] = field(default_factory=lambda: [0.0] * 14)
    lows: list[float] = field(default_factory=lambda: [0.0] * 14)
    flows: list[float] = field(default_factory=lambda: [0.0] * 14)
    total: float = 0.0
    squares: float = 0.0
    ema_20: float = 0.0
    ema_12: float = 0.0
    ema_26: float = 0.0
    signal: float = 0.0
    gain: float = 0.0
    loss: float = 0.0
    true_range: float = 0.0
    obv: float = 0.0
    inflow: float = 0.0
    outflow: float = 0.0
    typical: float = 0.0

    def push(self, high: float, low: float, close: float, volume: int) -> tuple[float, ...]:
        """Take the next row; give the twelve values in the order of tables.indicators.INDICATORS."""
        row = self.count
        self._chain(high, low, close, volume)
        before = self.closes[(row - 1) % 20]
        roc = self._roc(row, close)
        true_range = self._true_range(row, before, high, low)
        obv = self._obv(row, before, close, float(volume))
        rsi = self._rsi(row, close - before)
        middle, width = self._band(row, close)
        self.closes[row % 20], self.highs[row % 14], self.lows[row % 14] = close, high, low
        ema_20 = self._ema_20(row, close, middle)
        macd, signal = self._macd(row, close)
        stochastic = self._stochastic(row, close)
        flow = self._money_flow(row, (high + low + close) / 3.0, float(volume))
        self.count = row + 1
        upper, lower = middle + width, middle - width
        return middle, ema_20, rsi, macd, signal, upper, lower, true_range, obv, roc, stochastic, flow

    def numbers(self) -> Iterator[float]:
        """Give every number of the state in order of declaration."""
        for value in astuple(self):
            yield from value if isinstance(value, list) else (value,)

    @classmethod
    def of(cls, count: int, digest: int, numbers: tuple[float, ...]) -> Self:
        """Make a state of its numbers."""
        closes, highs, lows, flows = (list(numbers[start:end]) for start, end in pairwise((0, 20, 34, 48, 62)))
        return cls(count, digest, closes, highs, lows, flows, *numbers[62:])

    def _chain(self, high: float, low: float, close: float, volume: int) -> None:
        digest = self.digest if self.count else FNV_OFFSET
        for word in struct.unpack("<4Q", struct.pack("<3dq", high, low, close, volume)):
            digest = ((digest ^ word) * FNV_PRIME) & MASK
            digest ^= digest >> 32
        self.digest = digest

    def _band(self, row: int, close: float) -> tuple[float, float]:
        """Give the mean of 20 closes and twice their population standard deviation."""
        self.total += close
        self.squares += close * close
        if row < 19:
            return NAN, NAN
        oldest = self.closes[(row + 1) % 20]
        mean = self.total / 20.0
        variance = self.squares / 20.0 - mean * mean
        self.total -= oldest
        self.squares -= oldest * oldest
        return mean, (math.sqrt(variance) if variance >= EPSILON else 0.0) * 2.0

    def _ema_20(self, row: int, close: float, mean: float) -> float:
        if row < 19:
            return NAN
        self.ema_20 = mean if row == 19 else (close - self.ema_20) * (2.0 / 21.0) + self.ema_20
        return self.ema_20

    def _macd(self, row: int, close: float) -> tuple[float, float]:
        if row < 26:
            self.ema_26 += close
        if row < 25:
            return NAN, NAN
        if row == 25:
            self.ema_26 /= 26.0
            for place in range(14, 26):
                self.ema_12 += self.closes[place % 20]
            self.ema_12 /= 12.0
        else:
            self.ema_12 = (close - self.ema_12) * (2.0 / 13.0) + self.ema_12
            self.ema_26 = (close - self.ema_26) * (2.0 / 27.0) + self.ema_26
        macd = self.ema_12 - self.ema_26
        if row > 33:
            self.signal = (macd - self.signal) * (2.0 / 10.0) + self.signal
            return macd, self.signal
        self.signal += macd
        if row < 33:
            return macd, NAN
        self.signal /= 9.0
        return macd, self.signal

    def _rsi(self, row: int, change: float) -> float:
        if row == 0:
            return NAN
        if row > 14:
            self.gain *= 13.0
            self.loss *= 13.0
        if change < 0.0:
            self.loss -= change
        else:
            self.gain += change
        if row < 14:
            return NAN
        self.gain /= 14.0
        self.loss /= 14.0
        both = self.gain + self.loss
        return 100.0 * (self.gain / both) if both >= EPSILON else 0.0

    def _true_range(self, row: int, before: float, high: float, low: float) -> float:
        if row == 0:
            return NAN
        widest = max(high - low, abs(before - high), abs(before - low))
        if row > 14:
            self.true_range *= 13.0
        self.true_range += widest
        if row < 14:
            return NAN
        self.true_range /= 14.0
        return self.true_range

    def _obv(self, row: int, before: float, close: float, volume: float) -> float:
        if row == 0 or close > before:
            self.obv += volume
        elif close < before:
            self.obv -= volume
        return self.obv

    def _roc(self, row: int, close: float) -> float:
        if row < 10:
            return NAN
        before = self.closes[(row - 10) % 20]
        return (close / before - 1.0) * 100.0 if before != 0.0 else 0.0

    def _stochastic(self, row: int, close: float) -> float:
        if row < 13:
            return NAN
        lowest = min(self.lows)
        reach = (max(self.highs) - lowest) / 100.0
        return (close - lowest) / reach if reach != 0.0 else 0.0

    def _money_flow(self, row: int, typical: float, volume: float) -> float:
        """Give the money flow index; `flows` holds what rose as positive, what fell as negative numbers."""
        change, flow = typical - self.typical, typical * volume
        self.typical = typical
        if row == 0:
            return NAN
        oldest = self.flows[row % 14]
        if oldest > 0.0:
            self.inflow -= oldest
        else:
            self.outflow += oldest
        signed = (flow if change > 0.0 else 0.0) - (flow if change < 0.0 else 0.0)
        self.flows[row % 14] = signed
        if signed > 0.0:
            self.inflow += signed
        else:
            self.outflow -= signed
        both = self.inflow + self.outflow
        if row < 14:
            return NAN
        return 100.0 * (self.inflow / both) if both >= 1.0 else 0.0
