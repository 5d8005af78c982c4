"""What a strategy is: comparisons of declared inputs, and typed parameters. Standard library only."""

import re
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, fields
from enum import IntEnum
from typing import ClassVar

NO_STRATEGY = -1  # the number under which a book itself moves the target
STRATEGY_LIMIT = 32
NUMBERS = range(NO_STRATEGY, STRATEGY_LIMIT)
_NAME = re.compile(r"[a-z][a-z0-9_]*")


class Reads(IntEnum):
    """Say what the strategies of a book read: the numbers of a bar, or how it stands among all others."""

    BAR = 0
    STANDING = 1


class Role(IntEnum):
    """Say what comparisons decide: all of a role must hold."""

    ENTER = 0
    LEAVE = 1
    FILTER = 2


class Result(IntEnum):
    """Say what became of what a strategy did: taken back, without a vote, voted down, or the target moved."""

    WITHDRAWN = 0
    FILTERED = 1
    OUTVOTED = 2
    DECISIVE = 3


@dataclass(frozen=True)
class Comparison:
    """Hold where `left` is at least (or below) `factor` times `right` plus `offset`; without `right`, the offset."""

    left: str
    below: bool
    right: str | None
    factor: float
    offset: float

    @property
    def inputs(self) -> tuple[str, ...]:
        """Name the columns that are read."""
        return (self.left,) if self.right is None else (self.left, self.right)

    def __str__(self) -> str:
        """Write it as a person would."""
        sign = "<" if self.below else ">="
        if self.right is None:
            return f"{self.left} {sign} {self.offset:g}"
        factor = "" if self.factor == 1 else f"{self.factor:g} * "
        offset = f" {'-' if self.offset < 0 else '+'} {abs(self.offset):g}" if self.offset else ""
        return f"{self.left} {sign} {factor}{self.right}{offset}"


def at_least(left: str, right: str | float, factor: float = 1.0, offset: float = 0.0) -> Comparison:
    """Compare a column with a number, or with another column scaled and moved: it must not be below."""
    return _compare(left, right, factor, offset, below=False)


def below(left: str, right: str | float, factor: float = 1.0, offset: float = 0.0) -> Comparison:
    """Compare a column with a number, or with another column scaled and moved: it must be below."""
    return _compare(left, right, factor, offset, below=True)


def _compare(left: str, right: str | float, factor: float, offset: float, *, below: bool) -> Comparison:
    if isinstance(right, str):
        return Comparison(left, below, right, float(factor), float(offset))
    return Comparison(left, below, None, 1.0, float(right))


@dataclass(frozen=True)
class Strategy(ABC):
    """State one strategy: its name, the columns it reads, its side, and when it enters, leaves and counts.

    A subclass declares `name`, `inputs`, what these are of (`reads`), and its parameters as fields; `weight` is its
    vote, above zero. `side` is 1 for one that buys and -1 for one that sells. A comparison of a column that `inputs`
    lacks is refused as the strategy is made.
    """

    name: ClassVar[str]
    inputs: ClassVar[tuple[str, ...]]
    reads: ClassVar[Reads] = Reads.BAR
    side: ClassVar[int] = 1
    weight: int = 1

    def __post_init__(self) -> None:
        """Refuse a strategy that reads what it does not declare, or whose parameters are not of their type."""
        if not _NAME.fullmatch(self.name):
            raise ValueError(f"strategy {self.name!r}: the name is not lower-case")
        for each in fields(self):
            value = getattr(self, each.name)
            wanted = int if each.type in (int, "int") else (int, float)
            if isinstance(value, bool) or not isinstance(value, wanted) or value != value:
                raise ValueError(f"strategy {self.name}: parameter {each.name} is {value!r}, not of type {each.type}")
        if not 1 <= self.weight <= 1_000_000:
            raise ValueError(f"strategy {self.name}: weight is {self.weight}; it must be from 1 to 1000000")
        for role, comparison in self.comparisons():
            for column in comparison.inputs:
                if column not in self.inputs:
                    raise ValueError(
                        f"strategy {self.name}: {role.name.lower()} reads {column!r}, which its inputs do not declare"
                    )
        for role, found in ((Role.ENTER, self.enter()), (Role.LEAVE, self.leave())):
            if not found:
                raise ValueError(f"strategy {self.name}: {role.name.lower()} compares nothing")

    @abstractmethod
    def enter(self) -> tuple[Comparison, ...]:
        """Say what must hold for it to enter."""

    @abstractmethod
    def leave(self) -> tuple[Comparison, ...]:
        """Say what must hold for it to leave."""

    def filter(self) -> tuple[Comparison, ...]:
        """Say what must hold as it enters for its vote to count."""
        return ()

    def comparisons(self) -> Iterator[tuple[Role, Comparison]]:
        """Give all comparisons with their roles."""
        for role, found in ((Role.ENTER, self.enter()), (Role.LEAVE, self.leave()), (Role.FILTER, self.filter())):
            for comparison in found:
                yield role, comparison


@dataclass(frozen=True)
class Book:
    """State the strategies in force, their votes and what follows from them, for the bars that start at `begins` on.

    `begins` in nanoseconds UTC. The votes of those that stand make the score; from `threshold` on it is a target.
    A signal is good for `horizon` bars behind its own, and with `needs_approval` goes out only once a person agrees.
    """

    begins: int
    threshold: int
    horizon: int
    needs_approval: bool
    strategies: tuple[Strategy, ...]
    reads: Reads = Reads.BAR
