"""Averages of prices, lines through them and differences of averages: the twin of `trend_averages.hpp`, to the bit."""

from spark_apps.kernels.reference_means import Ema, Wilder
from spark_apps.kernels.reference_parts import (
    EPSILON,
    Group,
    Past,
    Row,
    Values,
    highest,
    line,
    lowest,
    magnitude,
    mean,
    path,
    products,
    quotient,
    rate,
    total,
    weighted,
)


class Mean20(Group):
    """Carry the sum of 20 closes, as TA-Lib does."""

    OUTPUTS, BACK = ("sma_20",), 19

    def __init__(self) -> None:
        self.sum = 0.0

    def _push(self, row: Row) -> Values:
        self.sum += row.close[0]
        value = self.sum / 20.0
        self.sum -= row.close[-19]
        return (value,)


class Exponential20(Group):
    """Carry one exponential mean."""

    OUTPUTS, BACK = ("ema_20",), 0

    def __init__(self) -> None:
        self.ema = Ema(20)

    def _push(self, row: Row) -> Values:
        return (self.ema.push(row.close[0], row.number),)


class ChainedExponential20(Group):
    """Take exponential means of exponential means, so that their lags cancel."""

    OUTPUTS, BACK = ("double_ema_20", "triple_ema_20"), 0

    def __init__(self) -> None:
        self.first = Ema(20)
        self.second = Ema(20)
        self.third = Ema(20)

    def _push(self, row: Row) -> Values:
        one = self.first.push(row.close[0], row.number)
        two = self.second.push(one, row.number - 19)
        three = self.third.push(two, row.number - 38)
        return one * 2.0 - two, one * 3.0 - two * 3.0 + three


class Weighted20(Group):
    """Weight the newest close 20 times as much as the oldest."""

    OUTPUTS, BACK = ("weighted_average_20",), 19

    def _push(self, row: Row) -> Values:
        return (weighted(row.close, 20),)


class Triangular20(Group):
    """Weight the middle closes most: 1 to 10, then 10 to 1."""

    OUTPUTS, BACK = ("triangular_average_20",), 19

    def _push(self, row: Row) -> Values:
        value = row.close[-19]
        for k in range(18, -1, -1):
            value += row.close[-k] * float(k + 1 if k < 10 else 20 - k)
        return (value / 110.0,)


class Kaufman10(Group):
    """Let the speed of the mean follow how straight the path of the close was."""

    OUTPUTS, BACK = ("kaufman_average_10",), 10

    def __init__(self) -> None:
        self.average = 0.0

    def _push(self, row: Row) -> Values:
        close, noise = row.close[0], path(row.close, 10)
        direction = close - row.close[-10]
        ratio = magnitude(quotient(direction, noise)) if noise > direction else 1.0
        speed = (1.0 if noise < EPSILON else ratio) * (2.0 / 3.0 - 2.0 / 31.0) + 2.0 / 31.0
        self.average = close if row.number < 10 else (close - self.average) * (speed * speed) + self.average
        return (self.average,)


class Tillson5(Group):
    """Combine six chained exponential means, volume factor 0.7."""

    OUTPUTS, BACK = ("t3_average_5",), 0

    def __init__(self) -> None:
        self.first = Ema(5)
        self.second = Ema(5)
        self.third = Ema(5)
        self.fourth = Ema(5)
        self.fifth = Ema(5)
        self.sixth = Ema(5)

    def _push(self, row: Row) -> Values:
        v, n = 0.7, row.number
        c1 = -(v * v * v)
        c2 = 3.0 * (v * v - c1)
        c3 = -6.0 * v * v - 3.0 * (v - c1)
        c4 = 1.0 + 3.0 * v - c1 + 3.0 * v * v
        two = self.second.push(self.first.push(row.close[0], n), n - 4)
        three = self.third.push(two, n - 8)
        four = self.fourth.push(three, n - 12)
        five = self.fifth.push(four, n - 16)
        six = self.sixth.push(five, n - 20)
        return (six * c1 + five * c2 + four * c3 + three * c4,)


class Hull16(Group):
    """Weight a mean that leads: twice the short one less the long one."""

    OUTPUTS, BACK = ("hull_average_16",), 15

    def __init__(self) -> None:
        self.raw = Past(4)

    def _push(self, row: Row) -> Values:
        raw = self.raw.push(weighted(row.close, 8) * 2.0 - weighted(row.close, 16))
        return (weighted(raw, 4),)


class ZeroLag20(Group):
    """Push the close ahead by its change over half the span before taking the mean."""

    OUTPUTS, BACK = ("zero_lag_ema_20",), 9

    def __init__(self) -> None:
        self.ema = Ema(20)

    def _push(self, row: Row) -> Values:
        return (self.ema.push(row.close[0] + (row.close[0] - row.close[-9]), row.number - 9),)


class Smoothed14(Group):
    """Carry Wilder's mean of the close."""

    OUTPUTS, BACK = ("wilder_average_14",), 0

    def __init__(self) -> None:
        self.wilder = Wilder(14)

    def _push(self, row: Row) -> Values:
        return (self.wilder.push(row.close[0], row.number),)


class VolumeWeighted20(Group):
    """Weight closes by what was traded."""

    OUTPUTS, BACK = ("volume_weighted_average_20",), 19

    def _push(self, row: Row) -> Values:
        return (quotient(products(row.close, row.volume, 20), total(row.volume, 20)),)


class Regression14(Group):
    """Fit a least squares line through 14 closes: its value now, its slope, its start and one row ahead."""

    OUTPUTS = ("regression_value_14", "regression_slope_14", "regression_start_14", "regression_forecast_14")
    BACK = 13

    def _push(self, row: Row) -> Values:
        slope, start = line(row.close, 14)
        return start + slope * 13.0, slope, start, start + slope * 14.0


class Middle14(Group):
    """Give the middle of the closes' range, and of the highs' and lows'."""

    OUTPUTS, BACK = ("midpoint_14", "midprice_14"), 13

    def _push(self, row: Row) -> Values:
        return (
            (highest(row.close, 14) + lowest(row.close, 14)) / 2.0,
            (highest(row.high, 14) + lowest(row.low, 14)) / 2.0,
        )


class Macd(Group):
    """Subtract the slow exponential mean from the fast one; a third one smooths the difference.

    The fast mean is seeded, as in TA-Lib, by the 12 closes that end with the 26th.
    """

    OUTPUTS, BACK = ("macd_12_26", "macd_signal_9", "macd_histogram_9"), 11

    def __init__(self) -> None:
        self.fast = 0.0
        self.slow = Ema(26)
        self.signal = Ema(9)

    def _push(self, row: Row) -> Values:
        close = row.close[0]
        self.fast = mean(row.close, 12) if row.number == 25 else (close - self.fast) * (2.0 / 13.0) + self.fast
        value = self.fast - self.slow.push(close, row.number)
        signal = self.signal.push(value, row.number - 25)
        return value, signal, value - signal


class Trix15(Group):
    """Give the change of a triple exponential mean."""

    OUTPUTS, BACK = ("trix_15",), 0

    def __init__(self) -> None:
        self.first = Ema(15)
        self.second = Ema(15)
        self.third = Ema(15)

    def _push(self, row: Row) -> Values:
        two = self.second.push(self.first.push(row.close[0], row.number), row.number - 14)
        before = self.third.value
        return (rate(self.third.push(two, row.number - 28), before),)


class Detrended20(Group):
    """Compare the close of half a span ago with the mean."""

    OUTPUTS, BACK = ("detrended_price_20",), 19

    def _push(self, row: Row) -> Values:
        return (row.close[-11] - mean(row.close, 20),)
