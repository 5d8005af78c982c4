"""Say how bars stand among those of other instruments: the twin of `cpp_udfs/include/kernels/cross_section.hpp`.

A minute here is one in which something traded; minutes are counted within a session. An instrument takes part from its
first bar on, with the close of its last bar. Its move is close / close `move` minutes before - 1, its change that over
one minute; the market's change is the mean of all changes, instruments by rising id. Correlation and beta are those of
an instrument's changes with the market's over the last `window` minutes, sums from the oldest on:

  correlation = sum(dx * dy) / (sqrt(sum(dx * dx)) * sqrt(sum(dy * dy)))      beta = sum(dx * dy) / sum(dy * dy)

A rank is the share of the others that stand below, those that stand equal counted half: 0 the lowest, 1 the highest
(the mean rank of ties less one, over n - 1).
"""

import struct
from bisect import bisect_left, bisect_right, insort
from dataclasses import dataclass, field
from math import sqrt
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from spark_apps.errors import BadSetting, RuleViolated, SchemaMismatch
from spark_apps.kernels.layouts import Ints
from spark_apps.kernels.reference_trades import HIGHEST

LONGEST = 1_000
NONE = float("nan")


class Standing(NamedTuple):
    """Hold the numbers of one bar; NaN for none."""

    peers: int
    move: float = NONE
    move_rank: float = NONE
    value_rank: float = NONE
    correlation: float = NONE
    beta: float = NONE


@dataclass(order=True)
class _Member:
    """Hold an instrument that has traded: since which minute, what it traded, its closes by minute since then."""

    id: int
    first: int = field(compare=False)
    value: int = field(default=0, compare=False)
    closes: list[float] = field(default_factory=list, compare=False)

    def change(self, ago: int, minutes: int) -> float:
        """Give the relative change over some minutes, as of some minutes ago."""
        return self.closes[-1 - ago] / self.closes[-1 - ago - minutes] - 1


@dataclass
class CrossSection:
    """Carry what has traded in a session from minute to minute."""

    move: int
    window: int
    minute: int = -1
    members: list[_Member] = field(default_factory=list)
    market: list[float] = field(default_factory=list)

    def close(self, bars: list[tuple[int, int, int]]) -> list[Standing]:
        """Close the next minute by its bars (id, close, value), ids rising, and say how each of them stands."""
        self.minute += 1
        self._take(bars)
        changes = [member.change(0, 1) for member in self.members if member.first < self.minute]
        self.market.append(_total(changes) / len(changes) if changes else NONE)
        moves = sorted(member.change(0, self.move) for member in self.members if self._age(member) >= self.move)
        amounts = sorted(member.value for member in self.members)
        by_id = {member.id: member for member in self.members}
        return [self._standing(by_id[key], moves, amounts) for key, _, _ in bars]

    @property
    def depth(self) -> int:
        """Say how many minutes are remembered."""
        return max(self.move, self.window) + 1

    def write(self) -> bytes:
        """Give the bytes of all that is remembered: values of a minute at its number modulo the depth, 0 for none."""
        held = struct.pack("<q", self.minute) + _ring(self.market, self.minute, self.depth)
        for member in self.members:
            held += struct.pack("<iqq", member.id, member.first, member.value)
            held += _ring(member.closes, self.minute, self.depth)
        return held

    @classmethod
    def read(cls, move: int, window: int, body: bytes) -> Self:
        """Read what `write` wrote; raise ValueError where it is not of this look back."""
        section = cls(move, window)
        whole, line = struct.Struct(f"<q{section.depth}d"), struct.Struct(f"<iqq{section.depth}d")
        if len(body) < whole.size or (len(body) - whole.size) % line.size:
            raise ValueError(f"{len(body)} bytes")
        section.minute, *market = whole.unpack_from(body)
        if section.minute < -1 or (section.minute < 0 and len(body) > whole.size):
            raise ValueError(f"minute {section.minute}")
        section.market = _unrolled(market, section.minute, 0)
        for key, first, value, *closes in line.iter_unpack(body[whole.size :]):
            section.members.append(_Member(key, first, value, _unrolled(closes, section.minute, first)))
        return section

    def _take(self, bars: list[tuple[int, int, int]]) -> None:
        closes = {key: float(close) for key, close, _ in bars}
        for key in closes.keys() - {member.id for member in self.members}:
            insort(self.members, _Member(key, self.minute))
        values = {key: value for key, _, value in bars}
        for member in self.members:
            member.closes.append(closes[member.id] if member.id in closes else member.closes[-1])
            member.value = min(member.value + values.get(member.id, 0), HIGHEST)

    def _age(self, member: _Member) -> int:
        return self.minute - member.first

    def _standing(self, member: _Member, moves: list[float], amounts: list[int]) -> Standing:
        standing = Standing(len(moves), value_rank=_rank(amounts, member.value))
        if self._age(member) >= self.move:
            move = member.change(0, self.move)
            standing = standing._replace(move=move, move_rank=_rank(moves, move))
        return self._follow(member, standing) if self._age(member) >= self.window else standing

    def _follow(self, member: _Member, standing: Standing) -> Standing:
        own = [member.change(ago, 1) for ago in reversed(range(self.window))]
        market = self.market[-self.window :]
        own_mean, market_mean = _total(own) / self.window, _total(market) / self.window
        own, market = [x - own_mean for x in own], [y - market_mean for y in market]
        own_square, market_square = _total([x * x for x in own]), _total([y * y for y in market])
        product = _total([x * y for x, y in zip(own, market, strict=True)])
        if market_square > 0:
            standing = standing._replace(beta=product / market_square)
        if market_square > 0 and own_square > 0:
            found = product / (sqrt(own_square) * sqrt(market_square))
            standing = standing._replace(correlation=min(1.0, max(-1.0, found)))
        return standing


def _ring(values: list[float], minute: int, depth: int) -> bytes:
    """Write the last values, those of `minute` and before, each at the place of its minute."""
    ring = [0.0] * depth
    for ago, value in enumerate(reversed(values[-depth:])):
        ring[(minute - ago) % depth] = value
    return struct.pack(f"<{depth}d", *ring)


def _unrolled(ring: list[float], minute: int, first: int) -> list[float]:
    """Give the values of the minutes from `first` on that a ring still holds."""
    return [ring[each % len(ring)] for each in range(max(first, minute - len(ring) + 1), minute + 1)]


def _total(values: list[float]) -> float:
    """Add doubles in turn; sum() of newer Pythons keeps more digits."""
    total = 0.0
    for value in values:
        total += value
    return total


def _rank(ordered: list[float] | list[int], value: float) -> float:
    if len(ordered) < 2:
        return NONE
    first, last = bisect_left(ordered, value), bisect_right(ordered, value)
    return (2 * first + last - first - 1) / (2 * (len(ordered) - 1))


def check_look_back(move: int, window: int) -> None:
    """Refuse a look back of no minute or of too many."""
    for name, minutes in (("move", move), ("window", window)):
        if not 1 <= minutes <= LONGEST:
            raise BadSetting(f"cross_section: {name} is {minutes}; it must be between 1 and {LONGEST} minutes")


def cross_section(
    instrument_id: NDArray[np.int32], bar_start: Ints, close: Ints, value: Ints, move: int, window: int
) -> dict[str, NDArray[np.int32] | NDArray[np.float64]]:
    """Say of each bar of one session how it stands; bars by rising (bar_start, instrument_id), numbers in their order.

    `close` and `value` are unscaled; a session's value stops at the highest int64. Raise RuleViolated naming a bar that
    does not come after the one before it or has no price, BadSetting for a `move` or `window` outside 1 to 1,000.
    """
    columns = (instrument_id, bar_start, close, value)
    if len({len(column) for column in columns}) != 1:
        raise SchemaMismatch(
            f"cross_section: columns of {[len(column) for column in columns]} rows; they must be equal"
        )
    check_look_back(move, window)
    rows = list(zip(*(column.tolist() for column in columns), strict=True))
    last = (0, 0)
    for row, (key, start, price, amount) in enumerate(rows):
        if (start, key) <= last or key < 1 or price < 1 or amount < 0:
            raise RuleViolated(
                f"cross_section: row {row} is no bar after the one before it: instrument {key}, start {start}, close "
                f"{price}, value {amount}. Sort the bars of one session by start and instrument first"
            )
        last = (start, key)
    stage, made = CrossSection(move, window), list[Standing]()
    starts = [start for _, start, _, _ in rows]
    for start in dict.fromkeys(starts):
        minute = rows[bisect_left(starts, start) : bisect_right(starts, start)]
        made += stage.close([(key, price, amount) for key, _, price, amount in minute])
    numbers: dict[str, NDArray[np.int32] | NDArray[np.float64]] = {
        name: np.array([getattr(each, name) for each in made], np.float64) for name in Standing._fields[1:]
    }
    return {"peers": np.array([each.peers for each in made], np.int32), **numbers}
