"""Hold what the bar fold remembers, and write and read it as sections.

Section 0 holds the clock. Section n holds of instrument n its session, the settled part of the one bar that is partly
settled, the emitted bars that are not final, the tail by (event_time, source, source_seq), and per source the intervals
of source_seq seen in the session, and its quotes where there are any; one of an earlier session than the clock's is
empty. Section -n holds its indicators as of the last final bar: they change once a bar, not once a trade, and go on
from session to session. Section BOOKS holds the books of the session.
"""

from dataclasses import fields, replace
from typing import Any

import numpy as np

from spark_apps.errors import BadSetting
from spark_apps.kernels.layouts import SIDES
from spark_apps.kernels.reference_bar_session import NO_SESSION, Clock, Emitted, Instrument
from spark_apps.kernels.reference_indicator_state import IndicatorStage, IndicatorState
from spark_apps.kernels.reference_quotes import Quote, QuoteBar, QuoteState
from spark_apps.kernels.reference_strategies import Book, Books, Stance
from spark_apps.kernels.reference_trades import Bar, Trade
from spark_apps.kernels.sections import BAR_FOLD, Cursor, mismatch, parameter_hash, seal, unseal
from spark_apps.tables.strategies import QUOTE_NUMBERS

LAYOUT = 5
# The number of the section of the books; no instrument has it.
BOOKS = NO_SESSION
# Thirty-six years in nanoseconds: any sum with market time stays within int64.
PARAMETER_LIMIT = 1 << 60

CLOCK_STATE = np.dtype([("market_time", "<i8"), ("session", "<i4"), ("ended", "<u4"), ("judged", "<i8")])
STANCE = np.dtype([("standing", "<u4"), ("counted", "<u4"), ("target", "<i4")])
COUNTS = np.dtype(
    [
        ("session", "<i4"),
        *((name, "<u4") for name in ("settled", "emitted", "tail", "sources", "quotes")),
        ("stance", STANCE),
    ]
)
SETTLED = np.dtype(
    [(name, "<i8") for name in ("start", "open", "high", "low", "close", "volume", "value", "trade_count")]
)
EMITTED = np.dtype(
    [
        *((name, "<i8") for name in ("start", "revision", "open", "high", "low", "close", "volume", "trade_count")),
        ("reckoned", "<i8"),
        ("digest", "<u8"),
        ("signalled", "<i8"),
        ("before", STANCE),
        ("after", STANCE),
        ("quoted", "<i8"),
        ("figures", "<u8"),
        ("numbers", "<f8", (len(QUOTE_NUMBERS),)),
    ]
)
TAIL = np.dtype([(name, "<i8") for name in ("event_time", "source", "source_seq", "price", "quantity", "corrected_by")])
QUOTED = np.dtype([("event_time", "<i8"), ("source", "<i8"), ("source_seq", "<i8"), *SIDES])
QUOTE_BAR = np.dtype([(name, "<i8") for name in ("start", "quotes", "order_flow", "bought", "sold", "paid", "worth")])
SEEN = np.dtype([("source", "<u4"), ("intervals", "<u4")])
INTERVAL = np.dtype([("first", "<i8"), ("last", "<i8")])


def check_parameters(width: int, lateness: int, ahead: int, tail_limit: int) -> None:
    """Refuse parameters outside [1, 2^60]; lateness and ahead may be 0."""
    lowest = (("width", width, 1), ("lateness", lateness, 0), ("ahead", ahead, 0), ("tail_limit", tail_limit, 1))
    for name, value, low in lowest:
        if not low <= value <= PARAMETER_LIMIT:
            raise BadSetting(f"bar fold: {name} is {value}; it must be between {low} and 2^60. Mend [live] in conf")


def write_clock(parameters: tuple[int, ...], clock: Clock) -> bytes:
    """Write section 0."""
    body = np.array((clock.market_time, clock.session, clock.ended, clock.judged), CLOCK_STATE).tobytes()
    return seal(BAR_FOLD, LAYOUT, parameter_hash(parameters), body)


def write_books(parameters: tuple[int, ...], books: Books) -> bytes:
    """Write the section of the books: the length of each, then its bytes."""
    body = b"".join(np.uint32(len(book.body)).tobytes() + book.body for book in books.in_order())
    return seal(BAR_FOLD, LAYOUT, parameter_hash(parameters), body)


def write_bars(parameters: tuple[int, ...], session: int, instrument: Instrument) -> bytes:
    """Write the section of an instrument's bars."""
    return seal(BAR_FOLD, LAYOUT, parameter_hash(parameters), _instrument_bytes(session, instrument))


def _instrument_bytes(session: int, instrument: Instrument) -> bytes:
    quotes = instrument.quotes
    lengths = (len(instrument.emitted), len(instrument.tail), len(instrument.seen))
    counts = (instrument.settled is not None, *lengths, 0 if quotes.is_empty else len(quotes.tail) + 1)
    parts = [np.array((session, *counts, instrument.stance), COUNTS)]
    parts.append(np.array([instrument.settled.fields()] if instrument.settled else [], SETTLED))
    parts.append(np.array([(s, *_fields(e)) for s, e in sorted(instrument.emitted.items())], EMITTED))
    parts.append(np.array([_fields(trade) for trade in instrument.tail], TAIL))
    for source, spans in sorted(instrument.seen.items()):
        parts += [np.array((source, len(spans)), SEEN), np.array(spans, INTERVAL)]
    if not quotes.is_empty:
        parts += [np.array(_fields(quotes.last), QUOTED), np.array(_fields(quotes.bar), QUOTE_BAR)]
        parts.append(np.array([_fields(quote) for quote in quotes.tail], QUOTED))
    return b"".join(part.tobytes() for part in parts)


def _fields(one: Emitted | Trade | Quote | QuoteBar) -> tuple[Any, ...]:
    return tuple(getattr(one, each.name) for each in fields(one))


def read(
    sections: dict[int, bytes], parameters: tuple[int, ...], stage: IndicatorStage
) -> tuple[Clock, Books, dict[int, Instrument]]:
    """Read sections back; raise StateMismatch naming the section that does not fit."""
    if not sections:
        return Clock(), Books(), {}
    if 0 not in sections:
        raise mismatch("0", "it is missing, so market time is unknown")
    opened = {-key: stage.read(str(key), bytes(sections[key])) for key in sorted(sections) if BOOKS < key < 0}
    bodies = {
        key: unseal(str(key), bytes(section), BAR_FOLD, LAYOUT, parameter_hash(parameters))
        for key, section in sections.items()
        if key >= 0 or key == BOOKS
    }
    ((market_time, session, ended, judged),) = Cursor(0, bodies.pop(0)).rest(CLOCK_STATE)
    books = _books(Cursor(BOOKS, bodies.pop(BOOKS, b"")), stage)
    instruments = {key: Instrument(indicators=indicators) for key, indicators in opened.items()}
    for key, body in bodies.items():
        cursor = Cursor(key, body)
        its_session, *counts, stance = cursor.take(COUNTS, 1)[0].item()
        if its_session > session:
            raise mismatch(str(key), f"session {its_session} is after the clock's {session}")
        if its_session == session:
            instruments[key] = _instrument(cursor, opened.get(key), Stance(*stance), *counts)
    return Clock(market_time, session, bool(ended), judged), books, instruments


def _books(cursor: Cursor, stage: IndicatorStage) -> Books:
    books = Books()
    while cursor.place < len(cursor.body):
        (length,) = cursor.take(np.dtype("<u4"), 1).tolist()
        book = Book.read(cursor.take(np.dtype("u1"), length).tobytes(), stage.inputs)
        if book is None:
            raise mismatch(str(cursor.key), "its bytes are not those of a book")
        books.put(book)
    return books


def _instrument(
    cursor: Cursor,
    indicators: IndicatorState | None,
    stance: Stance,
    settled_count: int,
    emitted_count: int,
    tail_count: int,
    sources: int,
    quotes: int,
) -> Instrument:
    settled = [Bar(*row) for row in cursor.take(SETTLED, settled_count).tolist()]
    emitted = cursor.take(EMITTED, emitted_count).tolist()
    tail = [Trade(*row) for row in cursor.take(TAIL, tail_count).tolist()]
    seen: dict[int, list[tuple[int, int]]] = {}
    for _ in range(sources):
        ((source, spans),) = cursor.take(SEEN, 1).tolist()
        seen[source] = cursor.take(INTERVAL, spans).tolist()
    kept = QuoteState()
    if quotes:
        ((last,), (bar,)) = cursor.take(QUOTED, 1).tolist(), cursor.take(QUOTE_BAR, 1).tolist()
        kept = QuoteState(
            Quote(*last), QuoteBar(*bar), [Quote(*row) for row in cursor.take(QUOTED, quotes - 1).tolist()]
        )
    cursor.end()
    if settled_count > 1:
        raise mismatch(str(cursor.key), f"{settled_count} settled bars, there is at most one")
    states = {}
    for start, *last, before, after, quoted, figures, numbers in emitted:
        states[start] = replace(
            Emitted(*last), quoted=quoted, figures=figures, numbers=tuple(numbers),
            before=Stance(*before), after=Stance(*after),
        )  # fmt: skip
    return Instrument(settled[0] if settled else None, states, tail, seen, kept, indicators, stance)
