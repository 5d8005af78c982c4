"""Random walks for the indicator tests: prices on a grid of quarters, so that ties and flat stretches come as such."""

from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from spark_apps.kernels.layouts import Ints
from spark_apps.kernels.reference_indicators import Reals


class Walk(NamedTuple):
    """Hold the columns of a random walk."""

    instrument_id: NDArray[np.int32]
    open: Reals
    high: Reals
    low: Reals
    close: Reals
    volume: Ints

    def part(self, start: int, end: int) -> Self:
        """Cut rows out."""
        return type(self)(*(column[start:end] for column in self))  # type: ignore[arg-type]  # in order of the fields


def walk(seed: int, size: int, instruments: int = 3, flat: float = 0.1, idle: float = 0.0) -> Walk:
    """Walk; `flat` is the share of closes that stay, `idle` that of rows without volume."""
    random = np.random.default_rng(seed)
    steps = random.normal(0, 0.01, size) * (random.random(size) >= flat)
    close = np.round(100 * np.exp(np.cumsum(steps))) / 4
    high, low = close + random.integers(0, 3, size) / 4, close - random.integers(0, 3, size) / 4
    opened = low + (high - low) * random.integers(0, 3, size) / 2
    ids = random.integers(1, instruments + 1, size).astype(np.int32)
    volume = random.integers(0, 10**6, size) * (random.random(size) >= idle)
    return Walk(ids, opened, high, low, close, volume)


def smooth_walk(seed: int, size: int) -> Walk:
    """Walk without ties: where two definitions differ at a tie, they agree here."""
    random = np.random.default_rng(seed)
    close = 25 * np.exp(np.cumsum(random.normal(0, 0.01, size)))
    high, low = close * (1 + random.random(size) / 50), close * (1 - random.random(size) / 50)
    opened = low + (high - low) * random.random(size)
    return Walk(np.ones(size, np.int32), opened, high, low, close, random.integers(1, 10**6, size))
