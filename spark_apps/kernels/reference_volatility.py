"""How wide rows, windows and bands are: the twin of `volatility.hpp`, to the bit."""

import math

from spark_apps.kernels.reference_means import Ema, Wilder
from spark_apps.kernels.reference_parts import (
    EPSILON,
    Group,
    Part,
    Past,
    Row,
    Values,
    deviation,
    highest,
    lowest,
    mean,
    quotient,
    rate,
    spread,
    total,
)


class TrueRange(Group):
    """Give the range of a row, stretched to the close before it."""

    OUTPUTS, BACK = ("true_range",), 1

    def _push(self, row: Row) -> Values:
        return (row.true_range[0],)


class AverageTrueRange14(Group):
    """Carry Wilder's mean of the true range."""

    OUTPUTS, BACK = ("atr_14",), 1

    def __init__(self) -> None:
        self.range = Wilder(14)

    def _push(self, row: Row) -> Values:
        return (self.range.push(row.true_range[0], row.number - 1),)


class NormalizedRange14(Group):
    """Give atr_14 as a share of the close."""

    OUTPUTS, BACK = ("normalized_atr_14",), 1

    def __init__(self) -> None:
        self.range = Wilder(14)

    def _push(self, row: Row) -> Values:
        return (quotient(self.range.push(row.true_range[0], row.number - 1), row.close[0]) * 100.0,)


class Moments20(Part):
    """Carry sums of 20 closes and of their squares, as TA-Lib does; a variance below EPSILON is 0."""

    def __init__(self) -> None:
        self.sum = 0.0
        self.squares = 0.0
        self.mean = 0.0
        self.variance = 0.0

    def push(self, row: Row) -> float:
        """Take the next row; give the standard deviation."""
        close, leaving = row.close[0], row.close[-19]
        self.sum += close
        self.squares += close * close
        self.mean = self.sum / 20.0
        variance = self.squares / 20.0 - self.mean * self.mean
        self.variance = variance if variance >= EPSILON else 0.0
        self.sum -= leaving
        self.squares -= leaving * leaving
        return math.sqrt(self.variance)


class Bollinger20(Group):
    """Give the band two standard deviations around the mean."""

    OUTPUTS = ("bollinger_upper_20", "bollinger_lower_20", "standard_deviation_20", "variance_20")
    BACK = 19

    def __init__(self) -> None:
        self.moments = Moments20()

    def _push(self, row: Row) -> Values:
        width = self.moments.push(row)
        band = width * 2.0
        return self.moments.mean + band, self.moments.mean - band, width, self.moments.variance


class BollingerPlace20(Group):
    """Place the close in the band; give the band's width and the distance in standard deviations."""

    OUTPUTS, BACK = ("bollinger_percent_20", "bollinger_width_20", "z_score_20"), 19

    def __init__(self) -> None:
        self.moments = Moments20()

    def _push(self, row: Row) -> Values:
        width = self.moments.push(row)
        band, distance = width * 2.0, row.close[0] - self.moments.mean
        return (
            quotient(distance + band, band + band),
            quotient(band + band, self.moments.mean),
            quotient(distance, width),
        )


class MeanDeviation20(Group):
    """Give the mean distance of 20 closes from their mean."""

    OUTPUTS, BACK = ("mean_deviation_20",), 19

    def _push(self, row: Row) -> Values:
        return (spread(row.close, 20),)


class Keltner20(Group):
    """Give the band two true ranges around an exponential mean."""

    OUTPUTS, BACK = ("keltner_upper_20", "keltner_lower_20"), 1

    def __init__(self) -> None:
        self.ema = Ema(20)
        self.range = Wilder(10)

    def _push(self, row: Row) -> Values:
        middle = self.ema.push(row.close[0], row.number)
        band = self.range.push(row.true_range[0], row.number - 1) * 2.0
        return middle + band, middle - band


class Donchian20(Group):
    """Give the highest high, the lowest low and their middle."""

    OUTPUTS, BACK = ("donchian_upper_20", "donchian_lower_20", "donchian_middle_20"), 19

    def _push(self, row: Row) -> Values:
        top, bottom = highest(row.high, 20), lowest(row.low, 20)
        return top, bottom, (top + bottom) / 2.0


class ChaikinVolatility10(Group):
    """Give the change of the mean range over ten rows."""

    OUTPUTS, BACK = ("chaikin_volatility_10",), 0

    def __init__(self) -> None:
        self.ema = Ema(10)
        self.values = Past(11)

    def _push(self, row: Row) -> Values:
        value = self.values.push(self.ema.push(row.high[0] - row.low[0], row.number))
        return (rate(value[0], value[-10]),)


class Ulcer14(Group):
    """Give the root of the mean square of the fall below the highest close of 14."""

    OUTPUTS, BACK = ("ulcer_index_14",), 13

    def __init__(self) -> None:
        self.squares = Past(14)

    def _push(self, row: Row) -> Values:
        fall = rate(row.close[0], highest(row.close, 14))
        return (math.sqrt(mean(self.squares.push(fall * fall), 14)),)


class ReturnVolatility20(Group):
    """Give the standard deviation of 20 simple returns."""

    OUTPUTS, BACK = ("return_volatility_20",), 1

    def __init__(self) -> None:
        self.returns = Past(20)

    def _push(self, row: Row) -> Values:
        return (deviation(self.returns.push(rate(row.close[0], row.close[-1])), 20),)


class Chandelier22(Group):
    """Hang stops three true ranges below the highest high and above the lowest low."""

    OUTPUTS, BACK = ("chandelier_long_22", "chandelier_short_22"), 21

    def __init__(self) -> None:
        self.range = Wilder(22)

    def _push(self, row: Row) -> Values:
        reach = self.range.push(row.true_range[0], row.number - 1) * 3.0
        return highest(row.high, 22) - reach, lowest(row.low, 22) + reach


class Acceleration20(Group):
    """Give the means of highs and lows, stretched by the range as a share of the price."""

    OUTPUTS, BACK = ("acceleration_upper_20", "acceleration_lower_20"), 0

    def __init__(self) -> None:
        self.uppers = Past(20)
        self.lowers = Past(20)

    def _push(self, row: Row) -> Values:
        high, low = row.high[0], row.low[0]
        width = quotient((high - low) * 4.0, high + low)
        return mean(self.uppers.push(high * (width + 1.0)), 20), mean(self.lowers.push(low * (1.0 - width)), 20)


class RelativeVolatility14(Group):
    """Give the standard deviation on rising closes as a share of all."""

    OUTPUTS, BACK = ("relative_volatility_14",), 9

    def __init__(self) -> None:
        self.up = Wilder(14)
        self.down = Wilder(14)

    def _push(self, row: Row) -> Values:
        change, width = row.close[0] - row.close[-1], deviation(row.close, 10)
        self.up.push(width if change > 0.0 else 0.0, row.number - 9)
        self.down.push(width if change < 0.0 else 0.0, row.number - 9)
        return (quotient(self.up.value, self.up.value + self.down.value) * 100.0,)


class MeanRange14(Group):
    """Give the mean range of 14 rows."""

    OUTPUTS, BACK = ("mean_range_14",), 13

    def _push(self, row: Row) -> Values:
        return ((total(row.high, 14) - total(row.low, 14)) / 14.0,)
