"""Judge bars by strategies slowly: the twin of `cpp_udfs/include/kernels/strategies.hpp`, to the byte.

A strategy enters where all its ENTER comparisons hold and leaves where all its LEAVE comparisons hold; a comparison
with a number that is missing never holds. As it enters, its FILTER says whether it counts. The score is the sum of
weight times side of those that stand and count; the target is its sign where it reaches the threshold, else 0.

What the contract leaves open is decided here:

- A strategy that left may enter again at the next bar, not at the same one.
- One that its filter kept from counting stands all the same, so that it is not proposed again at every bar.
- A book reads the numbers of a bar, or how it stands among all others; of each kind one is in force. A book itself has
  a number for each kind, NO_STRATEGY less what it reads.
- A strategy that a new book lacks stands no longer from its first bar on. A book that moves the target by itself,
  because a weight or the threshold is another, says so under NO_STRATEGY where no strategy with a vote did anything.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple, Self

import numpy as np

from spark_apps.kernels.layouts import BOOK, CLOCK_LIMIT, COMPARISON, STRATEGY, Rows
from spark_apps.kernels.sections import as_signed, byte_hash
from spark_apps.tables.strategies import STANDING_NUMBERS
from spark_apps.tables.strategy_model import NO_STRATEGY, STRATEGY_LIMIT, Reads, Result, Role

NAMED_BY = 16  # bytes of a book before this say when, not what
_MOST = 1_000_000


class Stance(NamedTuple):
    """Remember which strategies stand in an instrument, which of them count, a bit each, and what their score says."""

    standing: int = 0
    counted: int = 0
    target: int = 0


FLAT = Stance()


class Said(NamedTuple):
    """Say what one strategy did at a bar."""

    stance: int
    score: int
    target_before: int
    target: int
    result: Result


@dataclass
class Book:
    """Hold the strategies in force for the bars from one on."""

    body: bytes
    head: Rows
    strategies: list[tuple[int, int, int]]  # number, side, weight
    comparisons: list[tuple[int, int, int, int, int, float, float]]

    @classmethod
    def read(cls, body: bytes, inputs: int) -> Self | None:
        """Read the body of a PARAMETERS record; None where it is none over so many numbers of a bar, or standings."""
        if len(body) < BOOK.itemsize:
            return None
        head = np.frombuffer(body, BOOK, 1)[0]
        behind = BOOK.itemsize + int(head["strategies"]) * STRATEGY.itemsize
        if len(body) != behind + int(head["comparisons"]) * COMPARISON.itemsize:
            return None
        strategies = np.frombuffer(body, STRATEGY, int(head["strategies"]), BOOK.itemsize).tolist()
        comparisons = np.frombuffer(body, COMPARISON, int(head["comparisons"]), behind).tolist()
        book = cls(body, head, strategies, comparisons)
        return book if book._is_sound(inputs) else None

    @property
    def session(self) -> int:
        """Give the session that the book is sent for."""
        return int(self.head["session_date"])

    @property
    def begins(self) -> int:
        """Give the first bar start that the book judges."""
        return int(self.head["from"])

    @property
    def reads(self) -> int:
        """Give what its strategies read."""
        return int(self.head["reads"])

    @property
    def hash(self) -> int:
        """Give the hash of what the book says, as int64."""
        return as_signed(byte_hash(self.body[NAMED_BY:]))

    def _is_sound(self, of_bar: int) -> bool:
        inputs = len(STANDING_NUMBERS) if self.reads == Reads.STANDING else of_bar
        numbers = [number for number, _, _ in self.strategies]
        owned = {(strategy, role) for strategy, role, *_ in self.comparisons}
        return (
            all(one < other for one, other in zip([-1, *numbers], [*numbers, STRATEGY_LIMIT], strict=True))
            and all(side in (1, -1) and 1 <= weight <= _MOST for _, side, weight in self.strategies)
            and {(number, role) for number in numbers for role in (Role.ENTER, Role.LEAVE)} <= owned
            and all(
                strategy in numbers
                and role <= Role.FILTER
                and below <= 1
                and 0 <= left < inputs
                and -1 <= right < inputs
                for strategy, role, below, left, right, _, _ in self.comparisons
            )
            and self._has_sound_head()
        )

    def _has_sound_head(self) -> bool:
        _, reads, begins, threshold, horizon, needs_approval, _, _ = self.head.item()
        is_known = reads <= Reads.STANDING and 0 <= begins <= CLOCK_LIMIT
        return bool(is_known and threshold >= 1 and 1 <= horizon <= _MOST and needs_approval <= 1)

    def judge(self, before: Stance, inputs: list[float]) -> Stance:
        """Take the numbers that a bar offers."""
        standing = counted = score = 0
        for number, side, weight in self.strategies:
            bit = 1 << number
            stood = bool(before.standing & bit)
            if self._holds(number, Role.LEAVE, inputs) if stood else not self._holds(number, Role.ENTER, inputs):
                continue
            standing |= bit
            if before.counted & bit if stood else self._holds(number, Role.FILTER, inputs):
                counted |= bit
                score += side * weight
        return Stance(standing, counted, self._target(score))

    def _target(self, score: int) -> int:
        threshold = int(self.head["threshold"])
        return int(score >= threshold) - int(score <= -threshold)

    def _holds(self, number: int, role: Role, inputs: list[float]) -> bool:
        for strategy, its_role, below, left, right, factor, offset in self.comparisons:
            if (strategy, its_role) != (number, role):
                continue
            bound = offset if right < 0 else factor * inputs[right] + offset
            if not (inputs[left] < bound if below else inputs[left] >= bound):
                return False
        return True

    def say(self, number: int, before: Stance, after: Stance) -> Said | None:
        """Say what the strategy of that number did between two stances; None where it did nothing."""
        changed, is_moved = before.standing ^ after.standing, before.target != after.target
        bit = 0 if number == NO_STRATEGY else 1 << number
        has_voted = changed & (before.counted | after.counted)
        if (has_voted or not is_moved) if number == NO_STRATEGY else not changed & bit:
            return None
        enters = bool(after.standing & bit)
        counts = number == NO_STRATEGY or (after if enters else before).counted & bit
        result = (Result.DECISIVE if is_moved else Result.OUTVOTED) if counts else Result.FILTERED
        return Said(self._side(number) * enters, self._score(after), before.target, after.target, result)

    def withdrawal(self, number: int, before: Stance, after: Stance) -> Said:
        """Take back a thing said that is no longer so."""
        stands = number != NO_STRATEGY and bool(after.standing & 1 << number)
        return Said(self._side(number) * stands, self._score(after), before.target, after.target, Result.WITHDRAWN)

    def _side(self, number: int) -> int:
        return next((side for own, side, _ in self.strategies if own == number), 0)

    def _score(self, stance: Stance) -> int:
        return sum(side * weight for number, side, weight in self.strategies if stance.counted & 1 << number)

    def row(self, bar_start: int, width: int, number: int, said: Said) -> tuple[int, ...]:
        """Give a SIGNAL_OUT row from bar_start to expires_at."""
        number -= self.reads if number == NO_STRATEGY else 0
        expires_at = bar_start + width * (1 + int(self.head["horizon"]))
        return bar_start, number, *said, int(self.head["needs_approval"]), self.hash, expires_at


@dataclass
class Books:
    """Hold the books of a session by what they read and their first bar start."""

    by_begin: dict[tuple[int, int], Book] = field(default_factory=dict)

    def at(self, bar_start: int, reads: int = Reads.BAR) -> Book | None:
        """Give the book in force for a bar, or for how it stands."""
        known = [place for place in self.by_begin if place[0] == reads and place[1] <= bar_start]
        return self.by_begin[max(known)] if known else None

    def has(self, book: Book) -> bool:
        """Say whether the very book is known."""
        known = self.by_begin.get((book.reads, book.begins))
        return known is not None and known.body == book.body

    def put(self, book: Book) -> None:
        """Put a book in force, in the place of one that reads the same from the same bar on."""
        self.by_begin[book.reads, book.begins] = book

    def in_order(self) -> Iterator[Book]:
        """Give the books by what they read and their first bar start."""
        return (self.by_begin[place] for place in sorted(self.by_begin))
