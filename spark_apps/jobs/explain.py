"""Why a live signal is what it is, for `tayho explain`: its inputs, thresholds, parameters and where they come from."""

import math
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any, NamedTuple

import pyarrow.dataset as ds

from spark_apps.errors import BadQuery, EmptyInput, TayhoError
from spark_apps.jobs.state import Shown
from spark_apps.kernels.layouts import CLOCK_LIMIT, HEADER, Kind
from spark_apps.kernels.reference_strategies import Book
from spark_apps.lake.reading import scanned
from spark_apps.lake.tables import ensure
from spark_apps.rules.calendar import at, exchange_time
from spark_apps.rules.instruments import by_symbol
from spark_apps.settings import Settings
from spark_apps.tables.features import CROSS_SECTION_1M
from spark_apps.tables.indicators import INDICATORS_1M
from spark_apps.tables.live import (
    BARS_1M_LIVE,
    CROSS_SECTION_1M_LIVE,
    CROSS_SIGNALS_1M_LIVE,
    INDICATORS_1M_LIVE,
    QUOTES_1M_LIVE,
    SIGNALS_1M_LIVE,
)
from spark_apps.tables.market import BARS_1M
from spark_apps.tables.model import Table
from spark_apps.tables.operations import RUNS
from spark_apps.tables.quotes import QUOTES_1M
from spark_apps.tables.sources import FOLD_INPUT
from spark_apps.tables.strategies import NUMBER_OF, NUMBERS_OF, READABLE, READABLE_OF, READS_OF
from spark_apps.tables.strategy_model import Comparison, Reads, Role

Row = dict[str, Any]
_MEND = "run `tayho live --until-idle`"
# The order in which the folds gave rows: the second takes what several partitions caused.
_ORDER = {
    Reads.BAR: ("generation", "input_partition", "input_offset", "ordinal"),
    Reads.STANDING: ("generation", "available_at", "emitted_at", "input_partition", "input_offset", "ordinal"),
}
SIGNALS_OF = {Reads.BAR: SIGNALS_1M_LIVE, Reads.STANDING: CROSS_SIGNALS_1M_LIVE}
# Where live what strategies read stands, for each table that the batch reads it from.
LIVE_OF = {
    Reads.BAR: {BARS_1M_LIVE: BARS_1M, QUOTES_1M_LIVE: QUOTES_1M, INDICATORS_1M_LIVE: INDICATORS_1M},
    Reads.STANDING: {CROSS_SECTION_1M_LIVE: CROSS_SECTION_1M},
}
_REVISED = {
    BARS_1M_LIVE: "the bar",
    QUOTES_1M_LIVE: "its quotes",
    INDICATORS_1M_LIVE: "its indicators",
    CROSS_SECTION_1M_LIVE: "how the bar stands",
}


class Asked(NamedTuple):
    """Name a signal as a person does: `bar` is the start of its bar on the clock of the exchanges."""

    symbol: str
    bar: datetime
    strategy: str


def explain(asked: Asked, settings: Settings) -> list[Shown]:
    """Show what a signal said, each comparison with its numbers, its book, and the rows and runs that it stands on.

    Raise BadQuery for a symbol or strategy that is not known or said nothing at that bar; EmptyInput for a lake
    without live signals.
    """
    revisions = revisions_of(asked, settings)
    signal = revisions[-1]
    reads = READS_OF[asked.strategy]
    book = _book(signal, reads, settings)
    stood_on = {table: _stood_on(table, signal, reads, settings) for table in LIVE_OF[reads]}
    read = {table: NUMBERS_OF[reads][held] for table, held in LIVE_OF[reads].items()}
    numbers = {name: stood_on[table].get(name) for table, names in read.items() for name in names}
    title = f"{asked.symbol} at {exchange_time(signal['bar_start'])}: {asked.strategy}"
    return [
        Shown(title, ("revision", "stance", "result", "score", "target", "known at"), [*map(_said, revisions)]),
        Shown("Comparisons", ("decides", "comparison", "left", "right", "holds"), [*_compared(book, asked, numbers)]),
        Shown("Book of strategies", ("field", "value"), [*_parameters(book, asked, signal)]),
        Shown("Where it comes from", ("what", "value"), [*_origins(signal, SIGNALS_OF[reads], stood_on, settings)]),
    ]


def revisions_of(asked: Asked, settings: Settings) -> list[Row]:
    """Give the revisions of a live signal of its newest generation; raise BadQuery where there is none."""
    if asked.strategy not in NUMBER_OF:
        raise BadQuery(f"there is no strategy {asked.strategy!r}; take one of: {', '.join(NUMBER_OF)}")
    instrument = by_symbol(asked.symbol, asked.bar.date())
    if instrument is None:
        raise BadQuery(f"no instrument bears the symbol {asked.symbol!r} on {asked.bar.date()}")
    start = at(asked.bar.date(), asked.bar.strftime("%H:%M"))
    if start > CLOCK_LIMIT:
        raise BadQuery(f"no bar starts at {asked.bar:%Y-%m-%d %H:%M}: market time ends in 2116")
    reads = READS_OF[asked.strategy]
    said = _rows(SIGNALS_OF[reads], instrument.instrument_id, start, reads, settings)
    here = [row for row in said if row["strategy"] == asked.strategy]
    if not here:
        raise _nothing_said(asked, instrument.instrument_id, settings)
    newest = max(row["generation"] for row in here)
    return sorted((row for row in here if row["generation"] == newest), key=lambda row: row["revision"])


def _nothing_said(asked: Asked, instrument_id: int, settings: Settings) -> TayhoError:
    table = SIGNALS_OF[READS_OF[asked.strategy]]
    said = scanned(table, settings)
    if not said.count_rows():
        return EmptyInput(f"{table.full_name}: empty. `make run` fills it, or `tayho live`")
    is_it = (ds.field("instrument_id") == instrument_id) & (ds.field("strategy") == asked.strategy)
    starts = sorted(set(said.to_table(["bar_start"], filter=is_it)["bar_start"].to_pylist()))
    others = ", ".join(map(exchange_time, starts[-3:])) or "none"
    return BadQuery(
        f"{asked.strategy} said nothing of {asked.symbol} at {asked.bar:%Y-%m-%d %H:%M}; its last signals: {others}"
    )


def _rows(table: Table, instrument_id: int, bar_start: int, reads: Reads, settings: Settings) -> list[Row]:
    """Give the live rows of a bar in the order in which the fold gave them."""
    is_it = (ds.field("instrument_id") == instrument_id) & (ds.field("bar_start") == bar_start)
    found = scanned(table, settings).to_table(filter=is_it)
    return sorted(found.to_pylist(), key=lambda row: _place(row, reads))


def _place(row: Row, reads: Reads) -> tuple[int, ...]:
    return tuple(row[name] for name in _ORDER[reads])


def _stood_on(table: Table, signal: Row, reads: Reads, settings: Settings) -> Row:
    """Give the revision of a bar, or of what is said of it, that was the last word when the signal was made.

    Where no quote was known by the bar's end there is none of those.
    """
    rows = _rows(table, signal["instrument_id"], signal["bar_start"], reads, settings)
    before = [row for row in rows if _place(row, reads) < _place(signal, reads)]
    if not before and table != QUOTES_1M_LIVE:
        raise EmptyInput(f"{table.full_name}: lacks what the signal stands on; {_MEND}")
    return before[-1] if before else {}


def _book(signal: Row, reads: Reads, settings: Settings) -> Book:
    """Find the PARAMETERS record that brought the book, in the log of the fold's input.

    One over standings is in force for all partitions once any of them has handed it on.
    """
    is_it = ds.scalar(value=True)
    if reads == Reads.BAR:
        is_it = ds.field("topic_partition") == signal["input_partition"]
        is_it &= ds.field("topic_offset") <= signal["input_offset"]
    log = scanned(FOLD_INPUT, settings).to_batches(columns=["record"], filter=is_it)
    records = (
        record for batch in log for record in batch["record"].to_pylist() if record[:1] == bytes([Kind.PARAMETERS])
    )
    sent = [book for record in records if (book := Book.read(record[HEADER.itemsize :], len(READABLE)))]
    session = (signal["session_date"] - date(1970, 1, 1)).days
    own = [
        book
        for book in sent
        if (book.session, book.reads, book.hash) == (session, reads, signal["book_hash"])
        and book.begins <= signal["bar_start"]
    ]
    if own:
        return max(own, key=lambda book: book.begins)
    raise EmptyInput(f"{FOLD_INPUT.full_name}: lacks the book {signal['book_hash']}; {_MEND}")


def _said(row: Row) -> tuple[Any, ...]:
    moved = f"{row['target_before']} -> {row['target']}"
    return row["revision"], row["stance"], row["result"], row["score"], moved, exchange_time(row["available_at"])


def _compared(book: Book, asked: Asked, numbers: Row) -> Iterator[tuple[Any, ...]]:
    readable = READABLE_OF[Reads(book.reads)]
    for strategy, role, is_below, left, right, factor, offset in book.comparisons:
        if strategy != NUMBER_OF[asked.strategy]:
            continue
        other = None if right < 0 else readable[right]
        comparison = Comparison(readable[left], bool(is_below), other, factor, offset)
        mine, bound = _number(numbers[comparison.left]), offset
        if other is not None:
            bound = factor * _number(numbers[other]) + offset
        holds = mine < bound if is_below else mine >= bound
        yield Role(role).name.lower(), str(comparison), _shown(mine), _shown(bound), "yes" if holds else "no"


def _number(held: Any) -> float:
    """Give the double that the fold compared; one that is missing is no number, and holds in no comparison."""
    return math.nan if held is None else float(held)


def _shown(number: float) -> str:
    return "missing" if math.isnan(number) else f"{number:.10g}"


def _parameters(book: Book, asked: Asked, signal: Row) -> Iterator[tuple[str, Any]]:
    votes = [f"{weight} x {side}" for number, side, weight in book.strategies if number == NUMBER_OF[asked.strategy]]
    yield "in force from", exchange_time(book.begins)
    yield "threshold of the score", int(book.head["threshold"])
    yield "good until", exchange_time(signal["expires_at"])
    yield "approval", "human" if signal["needs_approval"] else "automatic"
    yield "weight and side", ", ".join(votes)
    yield "hash", book.hash


def _origins(signal: Row, told: Table, stood_on: dict[Table, Row], settings: Settings) -> Iterator[tuple[str, Any]]:
    yield "cause in fold_input", f"partition {signal['input_partition']}, offset {signal['input_offset']}"
    yield "generation of the fold", signal["generation"]
    for table, row in stood_on.items():
        yield f"revision of {_REVISED[table]}", row.get("revision", "none known")
    if indicators := stood_on.get(INDICATORS_1M_LIVE):
        yield "state before and after", f"{indicators['opening_hash']} {indicators['closing_hash']}"
    yield "run", signal["run_id"]
    for table in (told, *stood_on, FOLD_INPUT):
        yield f"version of {table.full_name}", ensure(table, settings).version()
    runs = scanned(RUNS, settings)
    mine = runs.to_table(["code_commit", "settings_hash"], filter=ds.field("run_id") == signal["run_id"]).to_pylist()
    for run in mine[:1]:
        yield "code", run["code_commit"]
        yield "settings", run["settings_hash"]
