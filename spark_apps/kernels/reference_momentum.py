"""Momentum of closes against their own past: half of the twin of `momentum.hpp`, to the bit."""

from spark_apps.kernels.reference_means import Ema, Strength
from spark_apps.kernels.reference_parts import (
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
    place,
    quotient,
    rate,
    weighted,
)


class Rsi14(Group):
    """Give gains as a share of all movement."""

    OUTPUTS, BACK = ("rsi_14",), 1

    def __init__(self) -> None:
        self.strength = Strength()

    def _push(self, row: Row) -> Values:
        return (self.strength.push(row),)


class Chande14(Group):
    """Give gains less losses as a share of all movement."""

    OUTPUTS, BACK = ("cmo_14",), 1

    def __init__(self) -> None:
        self.strength = Strength()

    def _push(self, row: Row) -> Values:
        self.strength.push(row)
        gain, loss = self.strength.gain.value, self.strength.loss.value
        return (quotient(gain - loss, gain + loss) * 100.0,)


class StochasticRsi14(Group):
    """Place the relative strength index in its own range of 14 rows."""

    OUTPUTS, BACK = ("stochastic_rsi_k_14", "stochastic_rsi_d_3"), 1

    def __init__(self) -> None:
        self.strength = Strength()
        self.values = Past(14)
        self.places = Past(3)

    def _push(self, row: Row) -> Values:
        rsi = self.values.push(self.strength.push(row))
        value = place(rsi[0], lowest(rsi, 14), highest(rsi, 14))
        return value, mean(self.places.push(value), 3)


class Change10(Group):
    """Compare the close with that of ten rows ago: difference, change in per cent, ratio."""

    OUTPUTS, BACK = ("momentum_10", "roc_10", "rate_ratio_10"), 10

    def _push(self, row: Row) -> Values:
        now, before = row.close[0], row.close[-10]
        ratio = quotient(now, before)
        return now - before, (ratio - 1.0) * 100.0 if before != 0.0 else 0.0, ratio


class AbsoluteOscillator(Group):
    """Subtract the mean of 26 closes from that of 12."""

    OUTPUTS, BACK = ("absolute_price_oscillator_12_26",), 25

    def _push(self, row: Row) -> Values:
        return (mean(row.close, 12) - mean(row.close, 26),)


class PercentageOscillator(Group):
    """Give the distance of two exponential means as a share of the slow one, and its exponential mean."""

    OUTPUTS, BACK = ("percentage_price_oscillator_12_26", "percentage_price_oscillator_signal_9"), 0

    def __init__(self) -> None:
        self.fast = Ema(12)
        self.slow = Ema(26)
        self.signal = Ema(9)

    def _push(self, row: Row) -> Values:
        slow = self.slow.push(row.close[0], row.number)
        value = quotient(self.fast.push(row.close[0], row.number) - slow, slow) * 100.0
        return value, self.signal.push(value, row.number - 25)


class TrueStrength(Group):
    """Smooth changes twice and compare them with their sizes, smoothed alike."""

    OUTPUTS, BACK = ("true_strength_25_13", "true_strength_signal_7"), 1

    def __init__(self) -> None:
        self.change = Ema(25)
        self.size = Ema(25)
        self.change_again = Ema(13)
        self.size_again = Ema(13)
        self.signal = Ema(7)

    def _push(self, row: Row) -> Values:
        step, n = row.close[0] - row.close[-1], row.number
        top = self.change_again.push(self.change.push(step, n - 1), n - 25)
        value = quotient(top, self.size_again.push(self.size.push(magnitude(step), n - 1), n - 25)) * 100.0
        return value, self.signal.push(value, n - 37)


class Coppock(Group):
    """Weight the sum of two rates of change over ten rows."""

    OUTPUTS, BACK = ("coppock_curve_10",), 14

    def __init__(self) -> None:
        self.rates = Past(10)

    def _push(self, row: Row) -> Values:
        now = row.close[0]
        return (weighted(self.rates.push(rate(now, row.close[-14]) + rate(now, row.close[-11])), 10),)


class ForecastOscillator14(Group):
    """Compare the close with what the line through the 14 closes before it foretold."""

    OUTPUTS, BACK = ("forecast_oscillator_14",), 14

    def _push(self, row: Row) -> Values:
        slope, start = line(row.close, 14, -1)
        return (quotient(row.close[0] - (start + slope * 14.0), row.close[0]) * 100.0,)


class Psychological12(Group):
    """Give the share of rising closes among twelve."""

    OUTPUTS, BACK = ("psychological_line_12",), 12

    def _push(self, row: Row) -> Values:
        count = 0.0
        for k in range(11, -1, -1):
            count += 1.0 if row.close[-k] > row.close[-k - 1] else 0.0
        return (count * 100.0 / 12.0,)


class Disparity20(Group):
    """Give the distance of the close from its mean, per cent."""

    OUTPUTS, BACK = ("disparity_20",), 19

    def _push(self, row: Row) -> Values:
        return (rate(row.close[0], mean(row.close, 20)),)


class Efficiency10(Group):
    """Give the straight way as a share of the way gone."""

    OUTPUTS, BACK = ("efficiency_ratio_10",), 10

    def _push(self, row: Row) -> Values:
        return (quotient(magnitude(row.close[0] - row.close[-10]), path(row.close, 10)),)
