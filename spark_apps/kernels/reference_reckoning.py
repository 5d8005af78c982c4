"""Reckon indicators and signals of bars that are not final yet: from the last final bar on, each that has trades."""

from collections.abc import Iterator
from copy import deepcopy
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from spark_apps.kernels.reference_bar_session import Emitted, Instrument
from spark_apps.kernels.reference_indicator_state import IndicatorStage, IndicatorState
from spark_apps.kernels.reference_strategies import Book, Books, Said, Stance
from spark_apps.kernels.sections import as_signed
from spark_apps.tables.strategy_model import NUMBERS


class Reckoned(NamedTuple):
    """Hold what has to be told of a bar: its indicators where they are news, and what strategies did, by number."""

    start: int
    revision: int | None
    opening: int
    closing: int
    values: NDArray[np.float64]
    signalled: int
    signals: list[tuple[int, Book, Said]]


def opening(stage: IndicatorStage, instrument: Instrument) -> IndicatorState:
    """Give an instrument's indicators as of its last final bar."""
    return stage.new() if instrument.indicators is None else instrument.indicators


def settle(stage: IndicatorStage, books: Books, instrument: Instrument, start: int, bar: Emitted) -> None:
    """Take a bar that has become final for good."""
    instrument.indicators = opening(stage, instrument)
    values = _take(stage, bar, instrument.indicators)
    instrument.stance = _judge(books.at(start), bar, values, instrument.stance)


def reckon(stage: IndicatorStage, books: Books, instrument: Instrument, first: int) -> Iterator[Reckoned]:
    """Give what has to be told of each bar from `first` on: what was never told, or told on another history.

    A bar that corrections emptied has no values: its rows take back what was said. Where quotes alone are others, the
    indicators stay as they were told.
    """
    indicators, before = deepcopy(opening(stage, instrument)), instrument.stance
    for start, bar in sorted(instrument.emitted.items()):
        digest, book = indicators.digest, books.at(start)
        values = _take(stage, bar, indicators)
        after = _judge(book, bar, values, before)
        if start >= first:
            is_news = bar.reckoned < 0 or bar.digest != indicators.digest
            bar.digest = indicators.digest
            bar.reckoned += is_news
            signals = _signal(book, bar, before, after) if book else []
            hashes = as_signed(digest), as_signed(bar.digest)
            yield Reckoned(start, bar.reckoned if is_news else None, *hashes, values, bar.signalled, signals)
        before = after


def _take(stage: IndicatorStage, bar: Emitted, indicators: IndicatorState) -> NDArray[np.float64]:
    """Go on by one bar, unless corrections emptied it; prices are the doubles nearest to the decimals."""
    if not (bar.trade_count and stage.width):
        return np.full(stage.width, np.nan)
    return stage.push(indicators, *_own_numbers(bar))


def _own_numbers(bar: Emitted) -> list[float]:
    return [*(price / 10_000 for price in (bar.open, bar.high, bar.low, bar.close)), float(bar.volume)]


def _judge(book: Book | None, bar: Emitted, values: NDArray[np.float64], before: Stance) -> Stance:
    if book is None or bar.trade_count == 0:
        return before
    return book.judge(before, [*_own_numbers(bar), *bar.numbers, *values.tolist()])


def _signal(book: Book, bar: Emitted, before: Stance, after: Stance) -> list[tuple[int, Book, Said]]:
    """Say what each strategy did where that is not what was said before, and remember it."""
    signals = []
    for number in NUMBERS:
        now = book.say(number, before, after)
        if now != book.say(number, bar.before, bar.after):
            signals.append((number, book, now or book.withdrawal(number, before, after)))
    bar.signalled += bool(signals)
    bar.before, bar.after = before, after
    return signals
