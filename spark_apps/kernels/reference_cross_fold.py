"""Fold the bars of all partitions to how they stand among each other: the twin of `cross_fold.hpp`, to the byte.

The input is what the first fold gave: its BAR, BOOK and PROGRESS records, those of a partition in their order, those of
several however mixed. What the contract leaves open is decided here, and in reference_cross_signals.py:

- A segment is the bars and books of a partition up to a progress record, which says at which moment (session, whether
  it has ended, market time) they stand. The earliest moment that all partitions have reached is the frontier; segments
  up to it are taken in order of (moment, partition). So rows do not depend on how partitions or batches are mixed.
- A row is caused by the clock record of its moment in the first partition that knows the moment.
- A session counts from the moment at which every partition opens it: one that was under way before the fold, in
  whatever partition, is passed over.
- A record of another generation, one seen before (by offset and ordinal of its cause), one that is no bar, book or
  progress, one that no first fold gives (a time beyond 2^62, a bar without a price), and a moment that is not after the
  one before it in its partition, change nothing.
- A bar has a first word when it comes, and a last one where it is another, when its minute settles: once its end lies
  `lateness` behind the last moment taken of every partition, or the session ends. So late trades, which move the ranks
  of every instrument in every minute since, cost no more than one row for each bar.
- A bar that corrections emptied is no bar; its row is taken back: -1 peers, no numbers.
"""

import struct
from collections.abc import Iterable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from itertools import groupby

import numpy as np

from spark_apps.errors import BadSetting, SchemaMismatch
from spark_apps.kernels.layouts import CAUSE, HEADER, Bytes, ClockFlag, Ints, Kind, Rows
from spark_apps.kernels.output_records import read_output
from spark_apps.kernels.records import cut
from spark_apps.kernels.reference_bar_state import check_parameters
from spark_apps.kernels.reference_cross_section import CrossSection, Standing, check_look_back
from spark_apps.kernels.reference_cross_sections import (
    JUDGED,
    PENDING,
    PLACES,
    SECTIONS,
    SETTLED,
    TAIL,
    read_state,
    write_section,
)
from spark_apps.kernels.reference_cross_signals import news, put_in_force, stances_at
from spark_apps.kernels.reference_cross_state import GivenBar, Lane, Moment, Segment, State, TailBar, closed, is_given
from spark_apps.kernels.reference_emission import Emission
from spark_apps.kernels.reference_strategies import Books, Stance
from spark_apps.kernels.reference_trades import HIGHEST, NEVER
from spark_apps.kernels.sections import parameter_hash

GONE = Standing(-1)


@dataclass
class CrossFold:
    """Fold what `partitions` of the first fold give to standings, and to signals over these.

    `width` and `lateness` in nanoseconds as theirs, `move` and `window` in minutes in which something traded. No clock,
    no I/O, no randomness.
    """

    partitions: int
    width: int
    lateness: int
    move: int
    window: int
    generation: int

    def __post_init__(self) -> None:
        """Refuse parameters that no fold can work with."""
        check_parameters(self.width, self.lateness, 0, 1)
        if self.partitions < 1:
            raise BadSetting(
                f"second fold: partitions is {self.partitions}; it must be at least 1. Mend [kafka] in conf"
            )
        check_look_back(self.move, self.window)
        self._state = self._empty()
        self._touched = {*SECTIONS}  # so that what is stored holds every section
        self._out = Emission(self.generation, 0)

    def apply(self, data: Bytes, bounds: Ints) -> tuple[Bytes, Ints, Ints]:
        """Fold records of fold_output; give output records, and for each the place of the record it was given at."""
        if not len(bounds) or bounds[0] < 0 or bounds[-1] > len(data) or bool(np.any(np.diff(bounds) < 0)):
            raise SchemaMismatch(
                f"fold_output: bounds of {len(bounds) - 1} records do not cut {len(data)} bytes of data"
            )
        places: list[int] = []
        for place, record in enumerate(cut(data, bounds)):
            kind, row = read_output(record)
            book = record[HEADER.itemsize + CAUSE.itemsize :]
            if kind is not None and row is not None and is_given(kind, row, book):
                self._take(kind, row, book)
            places += [place] * (len(self._out.records) - len(places))
        return *self._out.taken(), np.array(places, np.int64)

    def touched(self) -> list[tuple[int, bytes]]:
        """Give the sections that changed since the last call, by rising number; see reference_cross_sections.py."""
        numbers, self._touched = sorted(self._touched), set()
        return [(number, write_section(number, self._state, self._hash)) for number in numbers]

    def restore(self, sections: Iterable[tuple[int, bytes]]) -> None:
        """Replace the state by stored sections, all of them, or by a new one where there is none.

        StateMismatch, and the state as it was, if they do not fit.
        """
        stored = dict(sections)
        self._state, self._touched = self.read(stored.items()), set() if stored else {*SECTIONS}

    def read(self, sections: Iterable[tuple[int, bytes]]) -> State:
        """Read stored sections without taking them; StateMismatch if they do not fit."""
        return read_state(dict(sections), self._empty(), self._hash)

    @property
    def _hash(self) -> int:
        return parameter_hash((self.partitions, self.width, self.lateness, self.move, self.window))

    def _empty(self) -> State:
        return State([Lane() for _ in range(self.partitions)], CrossSection(self.move, self.window))

    def _take(self, kind: Kind, row: Rows, book: bytes) -> None:
        generation, number, offset, ordinal = row[["generation", "input_partition", "input_offset", "ordinal"]].item()
        if generation != self.generation or not 0 <= number < self.partitions:
            return
        lane = self._state.lanes[number]
        if (offset, ordinal) <= (lane.offset, lane.ordinal):
            return
        lane.offset, lane.ordinal = offset, ordinal
        self._touched |= {PLACES, PENDING}
        if kind == Kind.BOOK:
            lane.books.append(book)
            return
        if kind == Kind.BAR:
            names = ["instrument_id", "session_date", "bar_start", "close", "value", "trade_count"]
            lane.open.append(GivenBar(*row[names].item()))
            return
        session, flags, time = row[["session_date", "flags", "market_time"]].item()
        moment = Moment(session, int(bool(flags & ClockFlag.ENDS)), time)
        if moment <= lane.reached:
            return
        lane.pending.append(Segment(moment, offset, bool(flags & ClockFlag.OPENS), lane.open, lane.books))
        lane.open, lane.books, lane.reached = [], [], moment
        self._advance()

    def _advance(self) -> None:
        lanes = self._state.lanes
        frontier = min(lane.reached for lane in lanes)
        while moments := [lane.pending[0].moment for lane in lanes if lane.pending]:
            if min(moments) > frontier:
                return
            self._step(min(moments))

    def _step(self, moment: Moment) -> None:
        """Take the segments of a moment."""
        state, opened, causes = self._state, 0, list[tuple[int, int]]()
        bars, books = list[GivenBar](), list[bytes]()
        for number, lane in enumerate(state.lanes):
            if lane.pending and lane.pending[0].moment == moment:
                segment = lane.pending.popleft()
                bars += segment.bars
                books += segment.books
                opened += segment.opens
                causes.append((number, segment.offset))
                lane.taken = moment
        self._out.partition, offset = causes[0]
        self._out.begin(offset)
        self._put(books, bars)
        self._tell(moment.time)
        if moment.session > state.session:
            self._settle_until(moment.time, HIGHEST)
            state.session, state.settled_until = moment.session, NEVER
            state.is_followed = opened == self.partitions
            state.settled, state.tail = CrossSection(self.move, self.window), {}
            state.books, state.stances = Books(), {}
            self._touched |= {SETTLED, TAIL, JUDGED}
            self._put(books, bars)
            self._tell(moment.time)
        self._settle(moment.time)

    def _put(self, books: list[bytes], bars: list[GivenBar]) -> None:
        """Put the books of the session at hand in force, then its bars into the tail."""
        state = self._state
        self._touched |= {JUDGED} if put_in_force(state, books) else set()
        for bar in bars:
            if state.is_followed and bar.session == state.session and bar.start > state.settled_until:
                held = state.tail.setdefault((bar.start, bar.id), TailBar())
                held.close, held.value, held.trade_count = bar.close, bar.value, bar.trade_count
                self._touched.add(TAIL)

    def _tell(self, time: int) -> None:
        """Tell how the bars of the tail stand of which nothing was told yet."""
        if not any(bar.revision < 0 and bar.trade_count for bar in self._state.tail.values()):
            return
        stage, stances = deepcopy(self._state.settled), dict(self._state.stances)
        for start, bars in self._minutes():
            standings = closed(stage, bars)
            for key, bar in bars:
                before, stances[key] = stances_at(self._state, stances, start, key, standings.get(key))
                if bar.revision < 0 and key in standings:
                    self._say(start, key, bar, standings[key], time)
                    self._signal(start, key, bar, (before, stances[key]), time)

    def _settle(self, time: int) -> None:
        """Move the minutes that no partition can revise any more out of the tail."""
        taken = [lane.taken for lane in self._state.lanes]
        if any(moment.session != self._state.session for moment in taken):
            return
        open_ones = [moment.time - self.lateness for moment in taken if not moment.ended]
        self._settle_until(time, min(open_ones, default=HIGHEST))

    def _settle_until(self, time: int, horizon: int) -> None:
        """Settle the minutes that end by the horizon: their last word, where it is not the first."""
        state = self._state
        for start, bars in list(self._minutes()):
            if start + self.width > horizon:
                return
            standings = closed(state.settled, bars)
            for key, bar in bars:
                last = standings.get(key, GONE)
                before, after = stances_at(state, state.stances, start, key, standings.get(key))
                if after != before:
                    state.stances[key] = after
                    self._touched.add(JUDGED)
                if bar.revision >= 0:
                    if _bits(bar.told) != _bits(last):
                        self._say(start, key, bar, last, time)
                    self._signal(start, key, bar, (before, after), time)
                del state.tail[start, key]
            state.settled_until = start
            self._touched |= {PLACES, SETTLED, TAIL}

    def _say(self, start: int, key: int, bar: TailBar, now: Standing, time: int) -> None:
        bar.told, bar.revision = now, bar.revision + 1
        self._touched.add(TAIL)
        self._out.give(Kind.STANDING, key, self._state.session, bar.revision, start, *now, time)

    def _signal(self, start: int, key: int, bar: TailBar, now: tuple[Stance, Stance], time: int) -> None:
        for revision, row in news(self._state, start, self.width, bar, *now):
            self._out.give(Kind.CROSS_SIGNAL, key, self._state.session, revision, *row, time)

    def _minutes(self) -> Iterator[tuple[int, list[tuple[int, TailBar]]]]:
        """Give the minutes of the tail in order, each with its bars by rising instrument."""
        for start, bars in groupby(sorted(self._state.tail), key=lambda place: place[0]):
            yield start, [(key, self._state.tail[start, key]) for _, key in bars]


def _bits(standing: Standing) -> bytes:
    """Give the bytes of a standing: no number equals itself here, another does not."""
    return struct.pack("<q5d", *standing)
