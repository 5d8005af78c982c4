"""Write and read what the second fold remembers, as sections.

Section PLACES holds the session, and of each partition its last record and the moments it has reached and been taken
to; SETTLED the minutes that nothing can revise; TAIL the bars after these and what was told of them; PENDING the bars
and books of each partition that wait for another; JUDGED the books in force and what strategies want, as settled.
"""

from collections.abc import Mapping

import numpy as np

from spark_apps.kernels.reference_bar_state import STANCE
from spark_apps.kernels.reference_cross_section import CrossSection, Standing
from spark_apps.kernels.reference_cross_state import GivenBar, Moment, Segment, State, TailBar, read_book
from spark_apps.kernels.reference_strategies import Book, Stance
from spark_apps.kernels.sections import CROSS_FOLD, Cursor, mismatch, seal, unseal

LAYOUT = 2
SECTIONS = PLACES, SETTLED, TAIL, PENDING, JUDGED = range(5)

MOMENT = np.dtype([("session", "<i4"), ("ended", "<u4"), ("time", "<i8")])
GIVEN = np.dtype(
    [*((name, "<i4") for name in ("id", "session")), *((name, "<i8") for name in ("start", "close", "value", "count"))]
)
SEGMENT = np.dtype(
    [("moment", MOMENT), ("offset", "<i8"), *((name, "<u4") for name in ("opens", "bars", "books", "spare"))]
)
PLACE = np.dtype([("offset", "<i8"), ("ordinal", "<i4"), ("spare", "<i4"), ("reached", MOMENT), ("taken", MOMENT)])
HEAD = np.dtype([("session", "<i4"), ("is_followed", "<u4"), ("settled_until", "<i8")])
TOLD = np.dtype([("peers", "<i8"), *((name, "<f8") for name in Standing._fields[1:])])
TAIL_BAR = np.dtype(
    [
        ("start", "<i8"),
        *((name, "<i4") for name in ("id", "revision")),
        *((name, "<i8") for name in ("close", "value", "count")),
        ("told", TOLD),
        ("before", STANCE),
        ("after", STANCE),
    ]
)
COUNTS = np.dtype([("open", "<u4"), ("books", "<u4"), ("segments", "<u4")])
JUDGED_COUNTS = np.dtype([("books", "<u4"), ("stances", "<u4")])
STANCE_OF = np.dtype([("id", "<i4"), ("stance", STANCE)])
LENGTH = np.dtype("<u4")


def write_section(key: int, state: State, parameters: int) -> bytes:
    """Write one section; `parameters` is the hash of the fold's parameters."""
    write = (_places, lambda each: each.settled.write(), _tail, _pending, _judged)[key]
    return seal(CROSS_FOLD, LAYOUT, parameters, write(state))


def _places(state: State) -> bytes:
    head = np.array((state.session, state.is_followed, state.settled_until), HEAD)
    lanes = [(lane.offset, lane.ordinal, 0, lane.reached, lane.taken) for lane in state.lanes]
    return head.tobytes() + np.array(lanes, PLACE).tobytes()


def _tail(state: State) -> bytes:
    rows = [
        (start, key, bar.revision, bar.close, bar.value, bar.trade_count, bar.told, bar.before, bar.after)
        for (start, key), bar in sorted(state.tail.items())
    ]
    return np.array(rows, TAIL_BAR).tobytes()


def _pending(state: State) -> bytes:
    parts = list[bytes]()
    for lane in state.lanes:
        parts.append(np.array((len(lane.open), len(lane.books), len(lane.pending)), COUNTS).tobytes())
        parts += [np.array(lane.open, GIVEN).tobytes(), *map(_with_length, lane.books)]
        for moment, offset, opens, bars, books in lane.pending:
            parts.append(np.array((moment, offset, opens, len(bars), len(books), 0), SEGMENT).tobytes())
            parts += [np.array(bars, GIVEN).tobytes(), *map(_with_length, books)]
    return b"".join(parts)


def _judged(state: State) -> bytes:
    books = [book.body for book in state.books.in_order()]
    stances = np.array(sorted(state.stances.items()), STANCE_OF)
    counts = np.array((len(books), len(stances)), JUDGED_COUNTS)
    return b"".join([counts.tobytes(), *map(_with_length, books), stances.tobytes()])


def _with_length(book: bytes) -> bytes:
    return np.array(len(book), LENGTH).tobytes() + book


def read_state(sections: Mapping[int, bytes], empty: State, parameters: int) -> State:
    """Read sections back into an empty state; raise StateMismatch naming the one that does not fit, or is missing."""
    for key in SECTIONS if sections else ():
        if key not in sections:
            raise mismatch(str(key), "it is missing")
    for key, section in sorted(sections.items()):
        cursor = Cursor(key, unseal(str(key), bytes(section), CROSS_FOLD, LAYOUT, parameters))
        if key == PLACES:
            _read_places(cursor, empty)
        elif key == SETTLED:
            _read_settled(cursor, empty)
        elif key == TAIL:
            _read_tail(cursor, empty)
        elif key == PENDING:
            _read_pending(cursor, empty)
        elif key == JUDGED:
            _read_judged(cursor, empty)
        else:
            raise mismatch(str(key), "its number is none of the layout")
    return empty


def _read_places(cursor: Cursor, state: State) -> None:
    ((state.session, followed, state.settled_until),) = cursor.take(HEAD, 1).tolist()
    state.is_followed = bool(followed)
    for lane in state.lanes:
        ((lane.offset, lane.ordinal, _, reached, taken),) = cursor.take(PLACE, 1).tolist()
        lane.reached, lane.taken = Moment(*reached), Moment(*taken)
    cursor.end()


def _read_settled(cursor: Cursor, state: State) -> None:
    try:
        state.settled = CrossSection.read(state.settled.move, state.settled.window, cursor.body)
    except ValueError as error:
        raise mismatch(str(cursor.key), f"its bytes are not those of the layout: {error}") from error


def _read_tail(cursor: Cursor, state: State) -> None:
    rows = cursor.take(TAIL_BAR, len(cursor.body) // TAIL_BAR.itemsize).tolist()
    for start, key, revision, close, value, count, told, before, after in rows:
        stances = Stance(*before), Stance(*after)
        state.tail[start, key] = TailBar(revision, close, value, count, Standing(*told), *stances)
    cursor.end()


def _read_pending(cursor: Cursor, state: State) -> None:
    for lane in state.lanes:
        ((count, books, segments),) = cursor.take(COUNTS, 1).tolist()
        lane.open = [GivenBar(*bar) for bar in cursor.take(GIVEN, count).tolist()]
        lane.books = [_take_book(cursor).body for _ in range(books)]
        for _ in range(segments):
            ((moment, offset, opens, bars, books, _),) = cursor.take(SEGMENT, 1).tolist()
            held = [GivenBar(*bar) for bar in cursor.take(GIVEN, bars).tolist()]
            own = [_take_book(cursor).body for _ in range(books)]
            lane.pending.append(Segment(Moment(*moment), offset, bool(opens), held, own))
    cursor.end()


def _read_judged(cursor: Cursor, state: State) -> None:
    ((books, stances),) = cursor.take(JUDGED_COUNTS, 1).tolist()
    for _ in range(books):
        state.books.put(_take_book(cursor))
    state.stances = {key: Stance(*stance) for key, stance in cursor.take(STANCE_OF, stances).tolist()}
    cursor.end()


def _take_book(cursor: Cursor) -> Book:
    (length,) = cursor.take(LENGTH, 1).tolist()
    book = read_book(cursor.take(np.dtype("u1"), length).tobytes())
    if book is None:
        raise mismatch(str(cursor.key), "its bytes are not those of the layout: a book is none")
    return book
