"""Means that are carried from row to row: the second half of the twin of `indicator_parts.hpp`, to the bit."""

from spark_apps.kernels.reference_parts import EPSILON, Part, Row, negative, positive, quotient


class Ema(Part):
    """Carry an exponential mean, seeded by the mean of the first n; `number` counts the rows of its own series."""

    def __init__(self, n: int) -> None:
        self.n = n
        self.value = 0.0

    def push(self, x: float, number: int) -> float:
        """Take the next value; rows with a negative number come before the series and are passed over."""
        if number >= self.n:
            self.value = (x - self.value) * (2.0 / (self.n + 1)) + self.value
        elif number >= 0:
            self.value += x
            if number == self.n - 1:
                self.value /= float(self.n)
        return self.value


class Wilder(Part):
    """Carry Wilder's mean, seeded by the mean of the first n."""

    def __init__(self, n: int) -> None:
        self.n = n
        self.value = 0.0

    def push(self, x: float, number: int) -> float:
        """Take the next value; rows with a negative number come before the series and are passed over."""
        if number >= self.n:
            self.value = (x - self.value) * (1.0 / self.n) + self.value
        elif number >= 0:
            self.value += x
            if number == self.n - 1:
                self.value /= float(self.n)
        return self.value


class Strength(Part):
    """Carry Wilder's means of gains and losses of the close, 14 rows."""

    def __init__(self) -> None:
        self.gain = Wilder(14)
        self.loss = Wilder(14)

    def push(self, row: Row) -> float:
        """Take the next row; give the relative strength index, 0 where nothing moved."""
        change = row.close[0] - row.close[-1]
        self.gain.push(positive(change), row.number - 1)
        self.loss.push(-negative(change), row.number - 1)
        both = self.gain.value + self.loss.value
        return (self.gain.value / both) * 100.0 if both >= EPSILON else 0.0


def flow_by_place(row: Row) -> float:
    """Give the volume signed by the place of the close in the row's range, -volume to +volume."""
    high, low, close = row.high[0], row.low[0], row.close[0]
    return quotient((close - low) - (high - close), high - low) * row.volume[0]
