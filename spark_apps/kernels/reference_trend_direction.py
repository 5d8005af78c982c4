"""Direction, stops and ranges: the twin of `trend_direction.hpp`, to the bit."""

from spark_apps.kernels.reference_means import Ema, Wilder
from spark_apps.kernels.reference_parts import (
    Group,
    Part,
    Past,
    Row,
    Values,
    highest,
    larger,
    lowest,
    magnitude,
    mean,
    positive,
    quotient,
    rate,
    smaller,
    total,
)


class KnowSureThing(Group):
    """Add four smoothed rates of change, the longest weighted most."""

    OUTPUTS, BACK = ("know_sure_thing", "know_sure_thing_signal_9"), 30

    def __init__(self) -> None:
        self.rate_10 = Past(10)
        self.rate_15 = Past(10)
        self.rate_20 = Past(10)
        self.rate_30 = Past(15)
        self.values = Past(9)

    def _push(self, row: Row) -> Values:
        close, now = row.close, row.close[0]
        one = mean(self.rate_10.push(rate(now, close[-10])), 10)
        two = mean(self.rate_15.push(rate(now, close[-15])), 10)
        three = mean(self.rate_20.push(rate(now, close[-20])), 10)
        four = mean(self.rate_30.push(rate(now, close[-30])), 15)
        value = one + two * 2.0 + three * 3.0 + four * 4.0
        return value, mean(self.values.push(value), 9)


class ParabolicSar(Group):
    """Move a stop towards the extreme of the trend, faster with each new extreme; turn where a row touches it."""

    OUTPUTS, BACK = ("parabolic_sar",), 1

    def __init__(self) -> None:
        self.rising = 0.0
        self.stop = 0.0
        self.extreme = 0.0
        self.speed = 0.0

    def _push(self, row: Row) -> Values:
        high, low, high_before, low_before = row.high[0], row.low[0], row.high[-1], row.low[-1]
        if row.number == 1:
            self._start(high - high_before, low_before - low, row)
            high_before, low_before = high, low
        turns = low <= self.stop if self.rising > 0.0 else high >= self.stop
        if turns:
            self.rising = 1.0 - self.rising
        floor, ceiling = smaller(low_before, low), larger(high_before, high)
        is_rising = self.rising > 0.0
        shown = self.stop
        if turns:
            shown = smaller(self.extreme, floor) if is_rising else larger(self.extreme, ceiling)
            self.extreme = high if is_rising else low
            self.speed = 0.02
        else:
            further = larger(self.extreme, high) if is_rising else smaller(self.extreme, low)
            if further != self.extreme:
                self.speed = smaller(self.speed + 0.02, 0.2)
            self.extreme = further
        stop = (self.extreme - shown) * self.speed + shown
        self.stop = smaller(stop, floor) if is_rising else larger(stop, ceiling)
        return (shown,)

    def _start(self, up: float, down: float, row: Row) -> None:
        self.rising = 0.0 if down > up and down > 0.0 else 1.0
        self.stop = row.low[-1] if self.rising > 0.0 else row.high[-1]
        self.extreme = row.high[0] if self.rising > 0.0 else row.low[0]
        self.speed = 0.02


class Movement(Part):
    """Carry Wilder's sums of directional movement over 14 rows."""

    def __init__(self) -> None:
        self.plus = 0.0
        self.minus = 0.0

    def push(self, row: Row) -> None:
        """Take the next row: the larger of its reaches beyond the row before counts."""
        up, down = row.high[0] - row.high[-1], row.low[-1] - row.low[0]
        if row.number >= 14:
            self.plus -= self.plus * (1.0 / 14.0)
            self.minus -= self.minus * (1.0 / 14.0)
        self.plus += positive(up) if up > down and row.number >= 1 else 0.0
        self.minus += positive(down) if down > up and row.number >= 1 else 0.0

    def index(self) -> float:
        """Give the directional index, per cent."""
        return quotient(magnitude(self.plus - self.minus), self.plus + self.minus) * 100.0


class Directional14(Group):
    """Give upward and downward movement as shares of the true range."""

    OUTPUTS, BACK = ("plus_directional_14", "minus_directional_14"), 1

    def __init__(self) -> None:
        self.movement = Movement()
        self.range = 0.0

    def _push(self, row: Row) -> Values:
        self.movement.push(row)
        if row.number >= 14:
            self.range -= self.range * (1.0 / 14.0)
        self.range += row.true_range[0] if row.number >= 1 else 0.0
        return quotient(self.movement.plus, self.range) * 100.0, quotient(self.movement.minus, self.range) * 100.0


class DirectionalIndex14(Group):
    """Say how one-sided movement is, and its Wilder mean."""

    OUTPUTS, BACK = ("dx_14", "adx_14"), 1

    def __init__(self) -> None:
        self.movement = Movement()
        self.adx = Wilder(14)

    def _push(self, row: Row) -> Values:
        self.movement.push(row)
        index = self.movement.index()
        return index, self.adx.push(index, row.number - 14)


class DirectionalRating14(Group):
    """Give the mean of adx_14 now and 13 rows ago."""

    OUTPUTS, BACK = ("adxr_14",), 1

    def __init__(self) -> None:
        self.movement = Movement()
        self.adx = Wilder(14)
        self.values = Past(14)

    def _push(self, row: Row) -> Values:
        self.movement.push(row)
        value = self.values.push(self.adx.push(self.movement.index(), row.number - 14))
        return ((value[0] + value[-13]) / 2.0,)


class Aroon14(Group):
    """Say how long ago the highest high and the lowest low of 15 rows were; of equals the newest."""

    OUTPUTS, BACK = ("aroon_up_14", "aroon_down_14", "aroon_oscillator_14"), 14

    def _push(self, row: Row) -> Values:
        top, bottom, since_top, since_bottom = row.high[-14], row.low[-14], 0.0, 0.0
        for k in range(13, -1, -1):
            high, low = row.high[-k], row.low[-k]
            since_top = float(14 - k) if high >= top else since_top
            since_bottom = float(14 - k) if low <= bottom else since_bottom
            top, bottom = larger(high, top), smaller(low, bottom)
        scale = 100.0 / 14.0
        return since_top * scale, since_bottom * scale, (since_top - since_bottom) * scale


class Vortex14(Group):
    """Compare the ways from low to next high and from high to next low with the true range."""

    OUTPUTS, BACK = ("vortex_plus_14", "vortex_minus_14"), 14

    def _push(self, row: Row) -> Values:
        plus, minus = magnitude(row.high[-13] - row.low[-14]), magnitude(row.low[-13] - row.high[-14])
        for k in range(12, -1, -1):
            plus += magnitude(row.high[-k] - row.low[-k - 1])
            minus += magnitude(row.low[-k] - row.high[-k - 1])
        reach = total(row.true_range, 14)
        return quotient(plus, reach), quotient(minus, reach)


class Ichimoku(Group):
    """Give the middles of three ranges and the mean of two of them, without the displacement of charts."""

    OUTPUTS = ("ichimoku_conversion_9", "ichimoku_base_26", "ichimoku_span_a", "ichimoku_span_b_52")
    BACK = 51

    def _push(self, row: Row) -> Values:
        conversion, base, long = ((highest(row.high, n) + lowest(row.low, n)) / 2.0 for n in (9, 26, 52))
        return conversion, base, (conversion + base) / 2.0, long


class Supertrend10(Group):
    """Follow the close with a stop three true ranges away that never steps back; turn where the close crosses it."""

    OUTPUTS, BACK = ("supertrend_10_3",), 1

    def __init__(self) -> None:
        self.range = Wilder(10)
        self.upper = 0.0
        self.lower = 0.0
        self.rising = 0.0

    def _push(self, row: Row) -> Values:
        reach = self.range.push(row.true_range[0], row.number - 1) * 3.0
        middle, close, before = (row.high[0] + row.low[0]) / 2.0, row.close[0], row.close[-1]
        above, below = middle + reach, middle - reach
        if row.number <= 10:
            self.upper, self.lower, self.rising = above, below, 0.0
        else:
            self.upper = above if before > self.upper else smaller(above, self.upper)
            self.lower = below if before < self.lower else larger(below, self.lower)
            is_rising = close >= self.lower if self.rising > 0.0 else close > self.upper
            self.rising = 1.0 if is_rising else 0.0
        return (self.lower if self.rising > 0.0 else self.upper,)


class MassIndex25(Group):
    """Sum the ratios of a mean range to its own mean; a bulge warns of a turn."""

    OUTPUTS, BACK = ("mass_index_25",), 0

    def __init__(self) -> None:
        self.first = Ema(9)
        self.second = Ema(9)
        self.ratios = Past(25)

    def _push(self, row: Row) -> Values:
        one = self.first.push(row.high[0] - row.low[0], row.number)
        two = self.second.push(one, row.number - 8)
        return (total(self.ratios.push(quotient(one, two)), 25),)
