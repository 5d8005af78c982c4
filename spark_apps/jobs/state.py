"""Small tables of what the live folds hold, for `tayho state`."""

from datetime import timedelta
from functools import cache
from typing import Any, NamedTuple

from pyspark.sql import SparkSession

from spark_apps.errors import BadQuery
from spark_apps.kernels.reference_bar_session import NO_SESSION, Instrument
from spark_apps.kernels.reference_cross_state import Moment, State
from spark_apps.kernels.reference_quotes import OF_QUOTES
from spark_apps.lake.live_state import Held, read_fold, read_standing
from spark_apps.rules.calendar import EPOCH, exchange_time
from spark_apps.rules.instruments import all_instruments
from spark_apps.settings import Settings
from spark_apps.tables.features import STANDING


class Shown(NamedTuple):
    """Hold a small table for people."""

    title: str
    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]


def shown(spark: SparkSession, settings: Settings, stream: str, symbol: str | None) -> list[Shown]:
    """Show what a stream holds, or what it holds of one symbol; raise BadQuery where it keeps nothing of that."""
    if stream == "standing":
        state = read_standing(settings)
        return standings(state) if symbol is None else [standing_of(state, symbol)]
    if stream != "fold":
        raise BadQuery(f"stream {stream!r} keeps no state; 'fold' and 'standing' do")
    held = read_fold(spark, settings)
    return [overview(held)] if symbol is None else details(held, symbol)


def symbol_of(instrument_id: int) -> str:
    """Give the symbol of an instrument, its number where nobody has named it."""
    return _symbols().get(instrument_id, str(instrument_id))


@cache
def _symbols() -> dict[int, str]:
    return {instrument.instrument_id: instrument.symbol for instrument in all_instruments()}


def overview(held: list[Held]) -> Shown:
    """Give a line per symbol."""
    columns = (
        "symbol",
        "partition",
        "market time",
        "tail",
        "bars not final",
        "numbers seen",
        "indicator rows",
        "target",
        "quotes in tail",
        "quotes seen",
        "bytes",
    )
    return Shown("State of the live fold", columns, [_line(one) for one in held])


def _line(held: Held) -> tuple[Any, ...]:
    of = held.instrument
    seen, quotes_seen = (sum(last - first + 1 for _, first, last in _seen(of, what)) for what in ("trades", "quotes"))
    rows = of.indicators.count if of.indicators else 0
    time = exchange_time(held.clock.market_time)
    stance = of.emitted[max(of.emitted)].after if of.emitted else of.stance
    counts = len(of.tail), len(of.emitted), seen, rows, stance.target, len(of.quotes.tail), quotes_seen, held.size
    return symbol_of(held.instrument_id), held.partition, time, *counts


def _seen(of: Instrument, what: str) -> list[tuple[int, int, int]]:
    """Give (source, first, last) of the numbers that trades, or quotes, have used."""
    return [
        (source % OF_QUOTES, first, last)
        for source, spans in sorted(of.seen.items())
        if (source >= OF_QUOTES) == (what == "quotes")
        for first, last in spans
    ]


def details(held: list[Held], symbol: str) -> list[Shown]:
    """Give all that is held of one symbol; raise BadQuery where nothing is."""
    of = next((one.instrument for one in held if symbol_of(one.instrument_id) == symbol), None)
    if of is None:
        known = ", ".join(symbol_of(one.instrument_id) for one in held) or "none"
        raise BadQuery(f"symbol {symbol!r}: the fold holds nothing of it; it holds {known}")
    bars = [
        (exchange_time(start), bar.revision, *map(_price, (bar.open, bar.high, bar.low, bar.close)), bar.volume)
        for start, bar in sorted(of.emitted.items())
    ]
    tail = [
        (exchange_time(trade.event_time), trade.source, trade.source_seq, _price(trade.price), trade.quantity)
        for trade in of.tail
    ]
    quotes = [
        (
            exchange_time(quote.event_time),
            quote.source,
            quote.source_seq,
            _price(quote.bid),
            quote.bid_quantity,
            _price(quote.ask),
            quote.ask_quantity,
        )
        for quote in of.quotes.tail
    ]
    book = ("event time", "source", "number", "bid", "quantity", "ask", "quantity")
    seen = [(what, *numbers) for what in ("trades", "quotes") for numbers in _seen(of, what)]
    return [
        Shown("Bars that may still be revised", ("bar", "revision", "open", "high", "low", "close", "volume"), bars),
        Shown("Trades that late ones may still join", ("event time", "source", "number", "price", "quantity"), tail),
        Shown("Quotes that late ones may still join", book, quotes),
        Shown("Numbers seen", ("of", "source", "first", "last"), seen),
    ]


def standings(state: State) -> list[Shown]:
    """Show the session that the second fold is in, and how far each partition has come."""
    waiting = [sum(len(segment.bars) for segment in lane.pending) + len(lane.open) for lane in state.lanes]
    session = [
        (
            _session(state.session),
            "yes" if state.is_followed else "no: it was under way",
            len(state.settled.members),
            state.settled.minute + 1,
            len(state.tail),
        )
    ]
    columns = ("session", "followed", "instruments", "minutes settled", "bars not final")
    lanes = [
        (number, _moment(lane.reached), _moment(lane.taken), len(lane.pending), bars)
        for number, (lane, bars) in enumerate(zip(state.lanes, waiting, strict=True))
    ]
    return [
        Shown("State of the second fold", columns, session),
        Shown("Partitions", ("partition", "has come to", "is taken to", "moments waiting", "bars waiting"), lanes),
    ]


def standing_of(state: State, symbol: str) -> Shown:
    """Show the bars of one symbol that may still be revised, and what was told of them last."""
    told = [
        (exchange_time(start), bar.revision, _price(bar.close), *bar.told)
        for (start, key), bar in sorted(state.tail.items())
        if symbol_of(key) == symbol
    ]
    known = {symbol_of(member.id) for member in state.settled.members} | {symbol_of(key) for _, key in state.tail}
    if symbol not in known:
        held = ", ".join(sorted(known)) or "none"
        raise BadQuery(f"symbol {symbol!r}: the second fold holds nothing of it; it holds {held}")
    names = [column.name for column in STANDING]
    return Shown("Bars that may still be revised", ("bar", "revision", "close", *names), told)


def _session(number: int) -> str:
    return "none yet" if number == NO_SESSION else str(EPOCH + timedelta(number))


def _moment(moment: Moment) -> str:
    return "nothing yet" if moment.session == NO_SESSION else exchange_time(moment.time)


def _price(unscaled: int) -> str:
    return f"{unscaled // 10_000}.{unscaled % 10_000:04d}"
