"""Give the rows of a bar: itself, what its quotes say, its indicators and signals; each where it is news."""

from spark_apps.kernels.layouts import Kind
from spark_apps.kernels.reference_bar_session import Clock, Emitted, Instrument
from spark_apps.kernels.reference_emission import Emission
from spark_apps.kernels.reference_indicator_state import IndicatorStage
from spark_apps.kernels.reference_quotes import NO_FIGURES, figure_bytes, numbers_of
from spark_apps.kernels.reference_reckoning import reckon
from spark_apps.kernels.reference_strategies import Books
from spark_apps.kernels.sections import byte_hash


def tell_bar(out: Emission, clock: Clock, key: int, instrument: Instrument, start: int, width: int) -> None:
    """Give the next revision of a bar."""
    bar = instrument.bar(start, width)
    clock.judged = max(clock.judged, start)
    last = instrument.emitted.setdefault(start, Emitted())
    last.take(bar)
    prices = (last.open, last.high, last.low, last.close)
    sums = (bar.volume, bar.value, bar.trade_count)
    out.give(Kind.BAR, key, clock.session, last.revision, start, *prices, *sums, clock.market_time)


def tell_quotes(out: Emission, clock: Clock, key: int, instrument: Instrument, start: int, width: int) -> bool:
    """Give what quotes say of a bar where that is not what was said before; say whether it was given.

    Nothing before the first quote, and nothing of a bar that corrections emptied before anything was said of it.
    """
    figures, last = instrument.quotes.figures(instrument.tail, start, width), instrument.emitted[start]
    if figures is None or (last.trade_count == 0 and last.quoted < 0):
        return False
    figures = figures if last.trade_count else NO_FIGURES
    said = byte_hash(figure_bytes(figures))
    if last.quoted >= 0 and said == last.figures:
        return False
    last.quoted += 1
    last.figures, last.numbers = said, numbers_of(figures)
    out.give(Kind.QUOTED, key, clock.session, last.quoted, start, *figures, clock.market_time)
    return True


def retell_quotes(
    out: Emission, clock: Clock, key: int, instrument: Instrument, event_time: int, width: int
) -> int | None:
    """Give what quotes say now of the bars that end after a time; name the first that says something else."""
    starts = (start for start in sorted(instrument.emitted) if start + width > event_time)
    told = [start for start in starts if tell_quotes(out, clock, key, instrument, start, width)]
    return told[0] if told else None


def tell_indicators(
    out: Emission,
    clock: Clock,
    key: int,
    instrument: Instrument,
    first: int,
    width: int,
    stage: IndicatorStage,
    books: Books,
) -> None:
    """Give the indicators and signals of a bar, and of later ones whose history is no longer what it was.

    A fold that computes no indicators has no signals either.
    """
    if not stage.width:
        return
    for told in reckon(stage, books, instrument, first):
        if told.revision is not None:
            hashes = (told.opening, told.closing, clock.market_time, told.values)
            out.give(Kind.INDICATOR, key, clock.session, told.revision, told.start, *hashes)
        for number, book, said in told.signals:
            row = (*book.row(told.start, width, number, said), clock.market_time)
            out.give(Kind.SIGNAL, key, clock.session, told.signalled, *row)
