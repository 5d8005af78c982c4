"""The parts that indicators are made of: the twin of `cpp_udfs/include/kernels/indicator_parts.hpp`, to the bit.

Every function adds in one order, oldest first, and compares as its C++ form does, so that ties and signed zeros agree.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, TypeAlias

# Below this a difference counts as zero; TA-Lib's TA_EPSILON.
EPSILON = 1e-14
# Rows of the past that a row can see.
HISTORY = 64

Values: TypeAlias = tuple[float, ...]


class Past:
    """Remember the last values of a series: [0] is the newest, [-1] the one before; 0.0 before the first."""

    def __init__(self, size: int) -> None:
        self.values = [0.0] * size

    def __getitem__(self, place: int) -> float:
        return self.values[place - 1]

    def push(self, value: float) -> "Past":
        """Take the next value, forget the oldest."""
        del self.values[0]
        self.values.append(value)
        return self


@dataclass
class Row:
    """Hold one row with its past; volume in shares, prices on one scale."""

    number: int
    open: Past
    high: Past
    low: Past
    close: Past
    volume: Past
    typical: Past
    true_range: Past


class Part:
    """Hold numbers that are carried from row to row: floats, pasts and other parts, in order of declaration."""

    def words(self) -> Iterator[float]:
        """Give every number of the state in order."""
        for value in vars(self).values():
            if isinstance(value, Part):
                yield from value.words()
            elif isinstance(value, Past):
                yield from value.values
            elif isinstance(value, float):
                yield value

    def refill(self, words: Iterator[float]) -> None:
        """Take every number of the state back, in order."""
        for name, value in vars(self).items():
            if isinstance(value, Part):
                value.refill(words)
            elif isinstance(value, Past):
                value.values = [next(words) for _ in value.values]
            elif isinstance(value, float):
                setattr(self, name, next(words))


class Group(Part, ABC):
    """Compute indicators that share a state: each sees BACK rows of the past."""

    OUTPUTS: ClassVar[tuple[str, ...]]
    BACK: ClassVar[int]

    def push(self, row: Row) -> Values:
        """Take the next row; give the values of OUTPUTS, before their warm-up too."""
        return self._push(row)

    @abstractmethod
    def _push(self, row: Row) -> Values:
        """Compute the values of one row."""


def larger(a: float, b: float) -> float:
    """Give the larger, b where neither is."""
    return a if a > b else b


def smaller(a: float, b: float) -> float:
    """Give the smaller, b where neither is."""
    return a if a < b else b


def magnitude(x: float) -> float:
    """Give the size without the sign."""
    return -x if x < 0.0 else x


def positive(x: float) -> float:
    """Give x where it is above 0, else 0."""
    return larger(x, 0.0)


def negative(x: float) -> float:
    """Give x where it is below 0, else 0."""
    return smaller(x, 0.0)


def quotient(a: float, b: float) -> float:
    """Divide; a quotient by nothing is 0."""
    return a / b if b != 0.0 else 0.0


def rate(now: float, before: float) -> float:
    """Give the change from before to now, per cent; 0 where there was nothing before."""
    return (now / before - 1.0) * 100.0 if before != 0.0 else 0.0


def signed_by(change: float, amount: float) -> float:
    """Give the amount signed by the direction of a change, 0 for none."""
    return (amount if change > 0.0 else 0.0) - (amount if change < 0.0 else 0.0)


def total(x: Past, n: int) -> float:
    """Sum the last n values."""
    value = x[1 - n]
    for place in range(2 - n, 1):
        value += x[place]
    return value


def mean(x: Past, n: int) -> float:
    """Give the mean of the last n values."""
    return total(x, n) / float(n)


def products(x: Past, y: Past, n: int) -> float:
    """Sum the products of the last n pairs."""
    value = x[1 - n] * y[1 - n]
    for place in range(2 - n, 1):
        value += x[place] * y[place]
    return value


def weighted(x: Past, n: int) -> float:
    """Give the mean of the last n values, weighted 1 (oldest) to n (newest)."""
    value = x[1 - n]
    for place in range(2 - n, 1):
        value += x[place] * float(n + place)
    return value / (n * (n + 1) / 2.0)


def highest(x: Past, n: int) -> float:
    """Give the highest of the last n values."""
    best = x[1 - n]
    for place in range(2 - n, 1):
        best = larger(x[place], best)
    return best


def lowest(x: Past, n: int) -> float:
    """Give the lowest of the last n values."""
    best = x[1 - n]
    for place in range(2 - n, 1):
        best = smaller(x[place], best)
    return best


def spread(x: Past, n: int) -> float:
    """Give the mean distance of the last n values from their mean."""
    middle = mean(x, n)
    value = magnitude(x[1 - n] - middle)
    for place in range(2 - n, 1):
        value += magnitude(x[place] - middle)
    return value / float(n)


def deviation(x: Past, n: int) -> float:
    """Give the population standard deviation of the last n values, in two passes."""
    middle = mean(x, n)
    value = (x[1 - n] - middle) * (x[1 - n] - middle)
    for place in range(2 - n, 1):
        value += (x[place] - middle) * (x[place] - middle)
    return math.sqrt(value / float(n))


def path(x: Past, n: int) -> float:
    """Give the length of the way over the last n steps."""
    value = magnitude(x[1 - n] - x[-n])
    for place in range(2 - n, 1):
        value += magnitude(x[place] - x[place - 1])
    return value


def place(value: float, bottom: float, top: float) -> float:
    """Give the place of a value between bottom and top, 0 to 100; 0 where they are one."""
    reach = (top - bottom) / 100.0
    return (value - bottom) / reach if reach != 0.0 else 0.0


def line(x: Past, n: int, end: int = 0) -> tuple[float, float]:
    """Fit a least squares line through the n values that end at x[end]; give its slope and its value at the oldest."""
    places, squares = n * (n - 1) / 2.0, n * (n - 1) * (2 * n - 1) / 6.0
    value = x[end + 1 - n]
    moment = x[end + 1 - n] * float(n - 1)
    for place in range(2 - n, 1):
        value += x[end + place]
        moment += x[end + place] * float(-place)
    slope = (moment * float(n) - value * places) / (places * places - n * squares)
    return slope, (value - slope * places) / float(n)
