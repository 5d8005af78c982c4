"""What was traded while prices moved: the twin of `volume.hpp`, to the bit."""

from spark_apps.kernels.reference_means import Ema, flow_by_place
from spark_apps.kernels.reference_parts import (
    Group,
    Past,
    Row,
    Values,
    deviation,
    magnitude,
    mean,
    negative,
    positive,
    products,
    quotient,
    signed_by,
    total,
)


class OnBalance(Group):
    """Sum volume signed by the change of the close."""

    OUTPUTS, BACK = ("obv",), 1

    def __init__(self) -> None:
        self.sum = 0.0

    def _push(self, row: Row) -> Values:
        step = signed_by(row.close[0] - row.close[-1], row.volume[0])
        self.sum += row.volume[0] if row.number == 0 else step
        return (self.sum,)


class Accumulation(Group):
    """Sum volume signed by the place of the close in the range."""

    OUTPUTS, BACK = ("accumulation_distribution",), 0

    def __init__(self) -> None:
        self.sum = 0.0

    def _push(self, row: Row) -> Values:
        self.sum += flow_by_place(row)
        return (self.sum,)


class ChaikinOscillator(Group):
    """Subtract the slow exponential mean of accumulation from the fast one; both begin at the first value."""

    OUTPUTS, BACK = ("chaikin_oscillator_3_10",), 0

    def __init__(self) -> None:
        self.sum = 0.0
        self.fast = 0.0
        self.slow = 0.0

    def _push(self, row: Row) -> Values:
        self.sum += flow_by_place(row)
        if row.number == 0:
            self.fast = self.slow = self.sum
        else:
            self.fast = (self.sum - self.fast) * (2.0 / 4.0) + self.fast
            self.slow = (self.sum - self.slow) * (2.0 / 11.0) + self.slow
        return (self.fast - self.slow,)


class ChaikinMoneyFlow20(Group):
    """Give signed volume as a share of all volume."""

    OUTPUTS, BACK = ("chaikin_money_flow_20",), 19

    def __init__(self) -> None:
        self.flows = Past(20)

    def _push(self, row: Row) -> Values:
        return (quotient(total(self.flows.push(flow_by_place(row)), 20), total(row.volume, 20)),)


class MoneyFlow14(Group):
    """Give money that came in on rising typical prices as a share of all, by running sums as TA-Lib does."""

    OUTPUTS, BACK = ("mfi_14",), 15

    def __init__(self) -> None:
        self.inflow = 0.0
        self.outflow = 0.0

    def _push(self, row: Row) -> Values:
        entering, leaving = self._flow(row, 0), self._flow(row, -14) if row.number >= 15 else 0.0
        if row.number >= 1:
            self.inflow -= positive(leaving)
            self.outflow += negative(leaving)
            self.inflow += positive(entering)
            self.outflow -= negative(entering)
        both = self.inflow + self.outflow
        return ((self.inflow / both) * 100.0 if both >= 1.0 else 0.0,)

    @staticmethod
    def _flow(row: Row, k: int) -> float:
        return signed_by(row.typical[k] - row.typical[k - 1], row.typical[k] * row.volume[k])


class Force13(Group):
    """Smooth the change of the close times volume."""

    OUTPUTS, BACK = ("force_index_13",), 1

    def __init__(self) -> None:
        self.ema = Ema(13)

    def _push(self, row: Row) -> Values:
        return (self.ema.push((row.close[0] - row.close[-1]) * row.volume[0], row.number - 1),)


class EaseOfMovement14(Group):
    """Give how far the middle moves per volume and range."""

    OUTPUTS, BACK = ("ease_of_movement_14",), 1

    def __init__(self) -> None:
        self.values = Past(14)

    def _push(self, row: Row) -> Values:
        high, low = row.high[0], row.low[0]
        way = (high + low) / 2.0 - (row.high[-1] + row.low[-1]) / 2.0
        return (mean(self.values.push(quotient(way * (high - low), row.volume[0] / 100000000.0)), 14),)


class PriceTrend(Group):
    """Sum volume times the return."""

    OUTPUTS, BACK = ("volume_price_trend",), 1

    def __init__(self) -> None:
        self.sum = 0.0

    def _push(self, row: Row) -> Values:
        self.sum += quotient(row.close[0] - row.close[-1], row.close[-1]) * row.volume[0]
        return (self.sum,)


class VolumeIndexes(Group):
    """Compound returns of rows with less, and with more, volume than the row before; both begin at 1000."""

    OUTPUTS, BACK = ("negative_volume_index", "positive_volume_index"), 1

    def __init__(self) -> None:
        self.quiet = 0.0
        self.busy = 0.0

    def _push(self, row: Row) -> Values:
        change = quotient(row.close[0] - row.close[-1], row.close[-1])
        if row.number == 0:
            self.quiet = self.busy = 1000.0
        elif row.volume[0] < row.volume[-1]:
            self.quiet = self.quiet * change + self.quiet
        elif row.volume[0] > row.volume[-1]:
            self.busy = self.busy * change + self.busy
        return self.quiet, self.busy


class RollingVwap20(Group):
    """Weight typical prices by what was traded."""

    OUTPUTS, BACK = ("rolling_vwap_20",), 19

    def _push(self, row: Row) -> Values:
        return (quotient(products(row.typical, row.volume, 20), total(row.volume, 20)),)


class VolumeMean20(Group):
    """Compare volume with its mean."""

    OUTPUTS, BACK = ("volume_sma_20", "volume_ratio_20", "volume_z_score_20"), 19

    def _push(self, row: Row) -> Values:
        middle, volume = mean(row.volume, 20), row.volume[0]
        return middle, quotient(volume, middle), quotient(volume - middle, deviation(row.volume, 20))


class VolumeOscillator(Group):
    """Give the distance of two exponential means of volume as a share of the slow one, and its exponential mean."""

    OUTPUTS, BACK = ("volume_oscillator_12_26", "volume_oscillator_signal_9"), 0

    def __init__(self) -> None:
        self.fast = Ema(12)
        self.slow = Ema(26)
        self.signal = Ema(9)

    def _push(self, row: Row) -> Values:
        slow = self.slow.push(row.volume[0], row.number)
        value = quotient(self.fast.push(row.volume[0], row.number) - slow, slow) * 100.0
        return value, self.signal.push(value, row.number - 25)


class Klinger(Group):
    """Smooth volume signed by the trend and weighted by the range's share of the range since the trend turned."""

    OUTPUTS, BACK = ("klinger_oscillator_34_55", "klinger_signal_13"), 1

    def __init__(self) -> None:
        self.trend = 0.0
        self.measure = 0.0
        self.fast = Ema(34)
        self.slow = Ema(55)
        self.signal = Ema(13)

    def _push(self, row: Row) -> Values:
        reach, reach_before = row.high[0] - row.low[0], row.high[-1] - row.low[-1]
        now, before = row.high[0] + row.low[0] + row.close[0], row.high[-1] + row.low[-1] + row.close[-1]
        n, trend = row.number, 0.0
        if n >= 2:
            trend = 1.0 if now > before else -1.0
            self.measure = (self.measure if trend == self.trend else reach_before) + reach
        self.trend = trend
        force = magnitude((quotient(reach, self.measure) - 1.0) * 2.0) * row.volume[0] * trend * 100.0
        moved = force if self.measure != 0.0 else 0.0
        value = self.fast.push(moved, n - 2) - self.slow.push(moved, n - 2)
        return value, self.signal.push(value, n - 56)


class VolumeZone14(Group):
    """Give smoothed signed volume as a share of smoothed volume."""

    OUTPUTS, BACK = ("volume_zone_oscillator_14",), 1

    def __init__(self) -> None:
        self.signed_volume = Ema(14)
        self.volume = Ema(14)

    def _push(self, row: Row) -> Values:
        step = signed_by(row.close[0] - row.close[-1], row.volume[0])
        top = self.signed_volume.push(step, row.number - 1)
        return (quotient(top, self.volume.push(row.volume[0], row.number - 1)) * 100.0,)
