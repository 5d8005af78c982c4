"""What the live fold remembers, read from its checkpoint as of its last committed batch: for people who ask."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from pyspark.sql import SparkSession

from spark_apps.errors import BadQuery, EmptyInput
from spark_apps.kernels.reference_bar_session import Clock, Instrument
from spark_apps.lake.checkpoints import newest
from spark_apps.lake.live import fold_parameters
from spark_apps.lake.live_fold import LOG, unpack
from spark_apps.lake.location import checkpoint
from spark_apps.rules.calendar import exchange_time
from spark_apps.rules.instruments import all_instruments
from spark_apps.settings import Settings

STREAM = "fold"


class Held(NamedTuple):
    """Hold what is remembered of one instrument, in which partition, and how many bytes its sections take."""

    partition: int
    clock: Clock
    symbol: str
    instrument: Instrument
    size: int


class Shown(NamedTuple):
    """Hold a small table for people."""

    title: str
    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]


def read_state(spark: SparkSession, settings: Settings, stream: str) -> list[Held]:
    """Give what a stream held after its last committed batch, by symbol.

    Raise BadQuery for a stream without a state, EmptyInput for one that has committed nothing, StateMismatch where the
    state is of other parameters.
    """
    if stream != STREAM:
        raise BadQuery(f"stream {stream!r} keeps no state; {STREAM!r} does")
    place = checkpoint(stream, settings)
    if newest(place / "commits") < 0:
        raise EmptyInput(f"{place}: holds no committed batch. Start the live application, or name its generation")
    _ = spark.streams.active  # Spark cannot load a state store in a session that was never asked for its streams
    log = spark.read.format("statestore").option("path", str(place)).option("stateVarName", LOG).load()
    kept: dict[int, dict[int, bytes]] = {}
    for partition, change in log.selectExpr("key.partition", "list_element.sections").collect():
        kept.setdefault(partition, {}).update(unpack(bytes(change)))
    return sorted(_held(kept, settings), key=lambda held: held.symbol)


def _held(kept: dict[int, dict[int, bytes]], settings: Settings) -> Iterator[Held]:
    symbols = {instrument.instrument_id: instrument.symbol for instrument in all_instruments()}
    for partition, sections in kept.items():
        clock, instruments = fold_parameters(settings).read(sections)
        for number, instrument in instruments.items():
            size = sum(len(sections.get(key, b"")) for key in (number, -number))
            yield Held(partition, clock, symbols.get(number, str(number)), instrument, size)


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
        "bytes",
    )
    return Shown("State of the live fold", columns, [_line(one) for one in held])


def _line(held: Held) -> tuple[Any, ...]:
    of = held.instrument
    seen = sum(last - first + 1 for spans in of.seen.values() for first, last in spans)
    rows = of.indicators.count if of.indicators else 0
    time = exchange_time(held.clock.market_time)
    return held.symbol, held.partition, time, len(of.tail), len(of.emitted), seen, rows, held.size


def details(held: list[Held], symbol: str) -> list[Shown]:
    """Give all that is held of one symbol; raise BadQuery where nothing is."""
    of = next((one.instrument for one in held if one.symbol == symbol), None)
    if of is None:
        known = ", ".join(one.symbol for one in held) or "none"
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
