"""Reckon the indicators of bars that are not final yet: from the last final bar on, each bar that has trades."""

from collections.abc import Iterator
from copy import deepcopy

import numpy as np
from numpy.typing import NDArray

from spark_apps.kernels.reference_bar_session import Emitted, Instrument
from spark_apps.kernels.reference_indicator_state import IndicatorStage, IndicatorState
from spark_apps.kernels.sections import as_signed

Reckoned = tuple[int, int, int, int, NDArray[np.float64]]


def opening(stage: IndicatorStage, instrument: Instrument) -> IndicatorState:
    """Give an instrument's indicators as of its last final bar."""
    return stage.new() if instrument.indicators is None else instrument.indicators


def settle(stage: IndicatorStage, instrument: Instrument, bar: Emitted) -> None:
    """Take a bar that has become final for good."""
    instrument.indicators = opening(stage, instrument)
    _take(stage, bar, instrument.indicators)


def reckon(stage: IndicatorStage, instrument: Instrument, first: int) -> Iterator[Reckoned]:
    """Give (bar start, revision, hash before, hash after, values) of each bar from `first` on that has to be told.

    That is one never told, or told on another history. A bar that corrections emptied has no values: its row takes back
    what was said.
    """
    indicators = deepcopy(opening(stage, instrument))
    for start, bar in sorted(instrument.emitted.items()):
        before = indicators.digest
        values = _take(stage, bar, indicators)
        if start < first or (bar.reckoned >= 0 and bar.digest == indicators.digest):
            continue
        bar.digest = indicators.digest
        bar.reckoned += 1
        yield start, bar.reckoned, as_signed(before), as_signed(bar.digest), values


def _take(stage: IndicatorStage, bar: Emitted, indicators: IndicatorState) -> NDArray[np.float64]:
    """Go on by one bar, unless corrections emptied it; prices are the doubles nearest to the decimals."""
    if not (bar.trade_count and stage.width):
        return np.full(stage.width, np.nan)
    prices = (price / 10_000 for price in (bar.open, bar.high, bar.low, bar.close))
    return stage.push(indicators, *prices, float(bar.volume))
