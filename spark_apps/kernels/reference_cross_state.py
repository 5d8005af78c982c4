"""Hold what the second fold remembers."""

from collections import deque
from dataclasses import dataclass, field
from typing import NamedTuple

from spark_apps.kernels.layouts import CLOCK_LIMIT, Kind, Rows
from spark_apps.kernels.reference_bar_session import NO_SESSION
from spark_apps.kernels.reference_cross_section import CrossSection, Standing
from spark_apps.kernels.reference_strategies import FLAT, Book, Books, Stance
from spark_apps.kernels.reference_trades import NEVER
from spark_apps.tables.strategy_model import Reads


class Moment(NamedTuple):
    """Name a moment of the market; they sort as they follow."""

    session: int = NO_SESSION
    ended: int = 0
    time: int = NEVER


class GivenBar(NamedTuple):
    """Hold what a bar that the first fold gave says here."""

    id: int
    session: int
    start: int
    close: int
    value: int
    trade_count: int


class Segment(NamedTuple):
    """Hold the bars and books of a partition up to a moment, and the clock record that named it."""

    moment: Moment
    offset: int
    opens: bool
    bars: list[GivenBar]
    books: list[bytes]


@dataclass
class Lane:
    """Hold where a partition stands; `open` bars and books are not yet ended by a progress record."""

    offset: int = -1
    ordinal: int = -1
    reached: Moment = Moment()  # noqa: RUF009 - a tuple
    taken: Moment = Moment()  # noqa: RUF009 - a tuple
    open: list[GivenBar] = field(default_factory=list)
    books: list[bytes] = field(default_factory=list)
    pending: deque[Segment] = field(default_factory=deque)


@dataclass
class TailBar:
    """Hold a bar that may still be revised, and what was told of it last; revision -1 for nothing."""

    revision: int = -1
    close: int = 0
    value: int = 0
    trade_count: int = 0
    told: Standing = Standing(0, 0.0, 0.0, 0.0, 0.0, 0.0)  # noqa: RUF009 - a tuple
    before: Stance = FLAT
    after: Stance = FLAT


@dataclass
class State:
    """Hold all of it; the tail by (start, instrument)."""

    lanes: list[Lane]
    settled: CrossSection
    session: int = NO_SESSION
    is_followed: bool = False
    settled_until: int = NEVER
    tail: dict[tuple[int, int], TailBar] = field(default_factory=dict)
    books: Books = field(default_factory=Books)
    stances: dict[int, Stance] = field(default_factory=dict)


def read_book(body: bytes) -> Book | None:
    """Read a book over standings; None where the bytes are none."""
    book = Book.read(body, 0)
    return book if book and book.reads == Reads.STANDING else None


def is_given(kind: Kind, row: Rows, body: bytes) -> bool:
    """Say whether a record is one that the fold takes in, a bar, book or progress, as a first fold may have given it.

    `body` is what follows the row.
    """
    if kind == Kind.BOOK:
        return read_book(body) is not None
    if kind == Kind.PROGRESS:
        return abs(int(row["market_time"])) <= CLOCK_LIMIT
    if kind != Kind.BAR:
        return False
    start, close, value, count = row[["bar_start", "close", "value", "trade_count"]].item()
    return abs(start) <= CLOCK_LIMIT and value >= 0 and (count <= 0 or close >= 1)


def closed(stage: CrossSection, bars: list[tuple[int, TailBar]]) -> dict[int, Standing]:
    """Close a minute by its bars that hold trades; a minute without any is none."""
    counting = [(key, bar.close, bar.value) for key, bar in bars if bar.trade_count > 0]
    standings = stage.close(counting) if counting else []
    return {key: standing for (key, _, _), standing in zip(counting, standings, strict=True)}
