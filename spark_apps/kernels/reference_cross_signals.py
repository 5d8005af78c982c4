"""Judge how bars stand by the books over standings: what the second fold says of strategies beside each standing.

What the contract leaves open is decided here:

- A book that any partition hands on is in force from the moment with which it comes; the same of another partition is
  passed over, and of two for the same bars the one handed on later counts. One for bars of which something was told
  changes nothing: where its partition gave such a bar, the first fold has refused it.
- As of a standing there is a first word and, where it is another, a last one. A strategy that did nothing at first and
  something at last has that one word; one that did something at first alone takes it back.
- A bar that corrections emptied leaves the stances as they were.
"""

from collections.abc import Iterator, Sequence

from spark_apps.kernels.reference_cross_section import Standing
from spark_apps.kernels.reference_cross_state import State, TailBar, read_book
from spark_apps.kernels.reference_strategies import FLAT, Stance
from spark_apps.tables.strategy_model import NUMBERS, Reads


def put_in_force(state: State, books: Sequence[bytes]) -> bool:
    """Put books of the session at hand in force, for bars of which nothing was told yet; say whether one was new."""
    if not books:  # nearly always: the tail need not be walked
        return False
    told = [start for (start, _), bar in state.tail.items() if bar.revision >= 0]
    judged, is_new = max([state.settled_until, *told]), False
    for body in books:
        book = read_book(body)
        if book and book.session == state.session and not state.books.has(book) and book.begins > judged:
            state.books.put(book)
            is_new = True
    return is_new


def stances_at(
    state: State, stances: dict[int, Stance], start: int, key: int, standing: Standing | None
) -> tuple[Stance, Stance]:
    """Give what strategies want of an instrument before and after a bar that stands so; none for an emptied one."""
    before, book = stances.get(key, FLAT), state.books.at(start, Reads.STANDING)
    if book is None or standing is None:
        return before, before
    return before, book.judge(before, list(standing[1:]))


def news(
    state: State, start: int, width: int, bar: TailBar, before: Stance, after: Stance
) -> Iterator[tuple[int, tuple[int, ...]]]:
    """Give what strategies did at a bar, as revision and row, where that is not what was told of it; remember it."""
    book, told = state.books.at(start, Reads.STANDING), (bar.before, bar.after)
    if book is None or (before, after) == told:
        return
    bar.before, bar.after = before, after
    for number in NUMBERS:
        now, then = book.say(number, before, after), book.say(number, *told)
        if now != then:
            said = now or book.withdrawal(number, before, after)
            yield int(then is not None), book.row(start, width, number, said)
