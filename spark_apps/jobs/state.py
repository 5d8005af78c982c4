"""Small tables of what the live fold holds, for `tayho state`."""

from functools import cache
from typing import Any, NamedTuple

from spark_apps.errors import BadQuery
from spark_apps.lake.live_state import Held
from spark_apps.rules.calendar import exchange_time
from spark_apps.rules.instruments import all_instruments


class Shown(NamedTuple):
    """Hold a small table for people."""

    title: str
    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]


def symbol_of(held: Held) -> str:
    """Give the symbol of an instrument, its number where nobody has named it."""
    return _symbols().get(held.instrument_id, str(held.instrument_id))


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
        "bytes",
    )
    return Shown("State of the live fold", columns, [_line(one) for one in held])


def _line(held: Held) -> tuple[Any, ...]:
    of = held.instrument
    seen = sum(last - first + 1 for spans in of.seen.values() for first, last in spans)
    rows = of.indicators.count if of.indicators else 0
    time = exchange_time(held.clock.market_time)
    stance = of.emitted[max(of.emitted)].after if of.emitted else of.stance
    return symbol_of(held), held.partition, time, len(of.tail), len(of.emitted), seen, rows, stance.target, held.size


def details(held: list[Held], symbol: str) -> list[Shown]:
    """Give all that is held of one symbol; raise BadQuery where nothing is."""
    of = next((one.instrument for one in held if symbol_of(one) == symbol), None)
    if of is None:
        known = ", ".join(map(symbol_of, held)) or "none"
        raise BadQuery(f"symbol {symbol!r}: the fold holds nothing of it; it holds {known}")
    bars = [
        (exchange_time(start), bar.revision, *map(_price, (bar.open, bar.high, bar.low, bar.close)), bar.volume)
        for start, bar in sorted(of.emitted.items())
    ]
    tail = [
        (exchange_time(trade.event_time), trade.source, trade.source_seq, _price(trade.price), trade.quantity)
        for trade in of.tail
    ]
    seen = [(source, first, last) for source, spans in sorted(of.seen.items()) for first, last in spans]
    return [
        Shown("Bars that may still be revised", ("bar", "revision", "open", "high", "low", "close", "volume"), bars),
        Shown("Trades that late ones may still join", ("event time", "source", "number", "price", "quantity"), tail),
        Shown("Numbers seen", ("source", "first", "last"), seen),
    ]


def _price(unscaled: int) -> str:
    return f"{unscaled // 10_000}.{unscaled % 10_000:04d}"
