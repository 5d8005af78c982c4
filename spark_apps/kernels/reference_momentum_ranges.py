"""Momentum of closes against highs, lows and opens: the other half of the twin of `momentum.hpp`, to the bit."""

from spark_apps.kernels.reference_means import Ema
from spark_apps.kernels.reference_parts import (
    Group,
    Past,
    Row,
    Values,
    highest,
    lowest,
    mean,
    place,
    quotient,
    smaller,
    spread,
    total,
)


def stochastic(row: Row) -> float:
    """Place the close between the lowest low and the highest high of 14 rows, 0 to 100."""
    return place(row.close[0], lowest(row.low, 14), highest(row.high, 14))


def pressure(row: Row, n: int) -> float:
    """Give how far closes stood above the lows as a share of the true range, n rows."""
    value = row.close[1 - n] - smaller(row.low[1 - n], row.close[-n])
    for k in range(n - 2, -1, -1):
        value += row.close[-k] - smaller(row.low[-k], row.close[-k - 1])
    return quotient(value, total(row.true_range, n))


def smooth_difference(x: Past, y: Past) -> float:
    """Give the mean of x - y over four rows, weighted 1, 2, 2, 1."""
    return ((x[0] - y[0]) + (x[-1] - y[-1]) * 2.0 + (x[-2] - y[-2]) * 2.0 + (x[-3] - y[-3])) / 6.0


class Stochastic14(Group):
    """Place the close in the range of 14 rows."""

    OUTPUTS, BACK = ("stochastic_k_14",), 13

    def _push(self, row: Row) -> Values:
        return (stochastic(row),)


class StochasticMeans14(Group):
    """Smooth stochastic_k_14 once and twice."""

    OUTPUTS, BACK = ("stochastic_d_3", "stochastic_slow_d_3"), 13

    def __init__(self) -> None:
        self.fast = Past(3)
        self.slow = Past(3)

    def _push(self, row: Row) -> Values:
        value = mean(self.fast.push(stochastic(row)), 3)
        return value, mean(self.slow.push(value), 3)


class Williams14(Group):
    """Give the distance of the close from the highest high as a share of the range, 0 to -100."""

    OUTPUTS, BACK = ("williams_r_14",), 13

    def _push(self, row: Row) -> Values:
        top = highest(row.high, 14)
        return (quotient(top - row.close[0], top - lowest(row.low, 14)) * -100.0,)


class CommodityChannel20(Group):
    """Measure the typical price from its mean in mean deviations of 0.015."""

    OUTPUTS, BACK = ("cci_20",), 19

    def _push(self, row: Row) -> Values:
        return (quotient(row.typical[0] - mean(row.typical, 20), spread(row.typical, 20) * 0.015),)


class Ultimate(Group):
    """Weight buying pressure over 7, 14 and 28 rows as 4, 2 and 1."""

    OUTPUTS, BACK = ("ultimate_oscillator_7_14_28",), 28

    def _push(self, row: Row) -> Values:
        return ((pressure(row, 7) * 4.0 + pressure(row, 14) * 2.0 + pressure(row, 28)) * 100.0 / 7.0,)


class BalanceOfPower(Group):
    """Give the way from open to close as a share of the range."""

    OUTPUTS, BACK = ("balance_of_power",), 0

    def _push(self, row: Row) -> Values:
        return (quotient(row.close[0] - row.open[0], row.high[0] - row.low[0]),)


class Awesome(Group):
    """Subtract the mean of 34 middles from that of 5; then the mean of 5 such values from the newest."""

    OUTPUTS, BACK = ("awesome_oscillator_5_34", "accelerator_5"), 33

    def __init__(self) -> None:
        self.values = Past(5)

    def _push(self, row: Row) -> Values:
        short = (total(row.high, 5) + total(row.low, 5)) / 10.0
        value = short - (total(row.high, 34) + total(row.low, 34)) / 68.0
        return value, value - mean(self.values.push(value), 5)


class RelativeVigor10(Group):
    """Compare smoothed ways from open to close with smoothed ranges."""

    OUTPUTS, BACK = ("relative_vigor_10", "relative_vigor_signal_4"), 3

    def __init__(self) -> None:
        self.bodies = Past(10)
        self.ranges = Past(10)
        self.values = Past(4)

    def _push(self, row: Row) -> Values:
        body = total(self.bodies.push(smooth_difference(row.close, row.open)), 10)
        value = self.values.push(quotient(body, total(self.ranges.push(smooth_difference(row.high, row.low)), 10)))
        return value[0], (value[0] + value[-1] * 2.0 + value[-2] * 2.0 + value[-3]) / 6.0


class ElderRay13(Group):
    """Measure how far high and low reach beyond the exponential mean."""

    OUTPUTS, BACK = ("bull_power_13", "bear_power_13"), 0

    def __init__(self) -> None:
        self.ema = Ema(13)

    def _push(self, row: Row) -> Values:
        middle = self.ema.push(row.close[0], row.number)
        return row.high[0] - middle, row.low[0] - middle


class Body10(Group):
    """Give the mean way from open to close (Qstick)."""

    OUTPUTS, BACK = ("mean_body_10",), 9

    def _push(self, row: Row) -> Values:
        return ((total(row.close, 10) - total(row.open, 10)) / 10.0,)
