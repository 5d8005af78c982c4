"""A case of the live fold dealt out to partitions, what these give mixed at random, and what must be made of it."""

from collections import Counter
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from spark_apps.errors import SchemaMismatch
from spark_apps.kernels import Kernels
from spark_apps.kernels.layouts import BOOK, CAUSE, HEADER, SIGNAL_OUT, Kind, Rows
from spark_apps.kernels.output_records import split_outputs
from spark_apps.kernels.records import cut, decode, encode, join
from spark_apps.kernels.reference_cross_fold import CrossFold
from spark_apps.tables.strategy_model import Reads
from tests.drills.cases import END, Case, random_cuts
from tests.drills.signal_truth import Signals, last_signals
from tests.drills.truth import Difference, differences

LOOK_BACK = (2, 3)
PLACE = ("session_date", "bar_start", "instrument_id")
# (session_date, bar_start, instrument_id) -> peers and the bytes of the other numbers
Standings = dict[tuple[int, ...], tuple[int, bytes]]
# Likewise, close and value, unscaled.
Bars = dict[tuple[int, ...], tuple[int, int]]
# session -> the books over standings that were handed on
HandedOn = dict[int, set[bytes]]


class Made(NamedTuple):
    """Hold what a second fold made: standings, and its sections as a store would hold them."""

    outputs: list[bytes]
    sections: dict[int, bytes]


def dealt(case: Case, partitions: int) -> list[list[bytes]]:
    """Deal a globally ordered feed to partitions by instrument; what concerns the market goes to each."""
    lanes: list[list[bytes]] = [[] for _ in range(partitions)]
    for one in [*case.records, END]:
        for number, lane in enumerate(lanes):
            lane.append(_part(one, number, partitions))
    return lanes


def _part(one: bytes, number: int, partitions: int) -> bytes:
    try:
        kind, rows = decode(one)
    except SchemaMismatch:
        return one
    if kind not in (Kind.TRADE, Kind.CORRECTION, Kind.QUOTE):
        return one
    return encode(kind, rows[rows["instrument_id"] % partitions == number])


def given(case: Case, partitions: int, kernels: Kernels) -> list[list[bytes]]:
    """Fold each partition to bars; give the output records of each."""
    width, lateness, ahead, tail_limit, generation, _ = case.parameters
    outputs = []
    for number, lane in enumerate(dealt(case, partitions)):
        fold = kernels.BarFold(width, lateness, ahead, tail_limit, generation, number)
        outputs.append(cut(*fold.apply(np.arange(len(lane)), *join(lane))))
    return outputs


def mixed(lanes: list[list[bytes]], random: np.random.Generator) -> list[bytes]:
    """Mix the records of partitions, each in its order; now and then some come again, as a sink sends them."""
    left, out = [list(lane) for lane in lanes], list[bytes]()
    while any(left):
        number = int(random.choice([number for number, lane in enumerate(left) if lane]))
        count = int(random.integers(1, 12))
        taken, left[number] = left[number][:count], left[number][count:]
        out += taken
        if random.random() < 0.1:
            out += taken[int(random.integers(len(taken))) :]
    return out


def fold_of(case: Case, partitions: int, kernels: Kernels) -> CrossFold:
    """Make the second fold of a case."""
    width, lateness, *_, generation, _ = case.parameters
    return kernels.CrossFold(partitions, width, lateness, *LOOK_BACK, generation)


def run(
    case: Case, partitions: int, kernels: Kernels, records: list[bytes], cuts: list[int], *, restores: bool
) -> Made:
    """Fold records cut into calls."""
    fold, outputs, stored = fold_of(case, partitions, kernels), list[bytes](), dict[int, bytes]()
    for start, end in pairwise(cuts):
        data, bounds, places = fold.apply(*join(records[start:end]))
        assert len(places) == len(bounds) - 1
        outputs += cut(data, bounds)
        stored.update(fold.touched())
        if restores:
            fold = fold_of(case, partitions, kernels)
            fold.restore(stored.items())
    return Made(outputs, stored)


def last_standings(outputs: list[bytes]) -> Standings:
    """Give the last revision of each standing that was not taken back."""
    rows = split_outputs(*join(outputs))[Kind.STANDING]
    return {key: value for key, value in _by_place(rows).items() if value[0] >= 0}


def _by_place(rows: Rows) -> Standings:
    names = [name for name in rows.dtype.names or () if name not in (*PLACE, "peers", "revision", "available_at")]
    numbers = np.column_stack([rows[name].astype(np.float64) for name in names[4:]])
    keys = zip(*(rows[name].tolist() for name in PLACE), strict=True)
    values = zip(rows["peers"].tolist(), (line.tobytes() for line in numbers), strict=True)
    return dict(zip(keys, values, strict=True))


def last_bars(lanes: list[list[bytes]]) -> Bars:
    """Give close and value of the last revision of every bar that holds a trade."""
    last: dict[tuple[int, ...], tuple[int, ...]] = {}
    for lane in lanes:
        bars = split_outputs(*join(lane))[Kind.BAR]
        keys = zip(*(bars[name].tolist() for name in PLACE), strict=True)
        last |= zip(keys, bars[["close", "value", "trade_count"]].tolist(), strict=True)
    return {key: (close, value) for key, (close, value, count) in last.items() if count}


def batch_standings(bars: Bars, kernels: Kernels, look_back: tuple[int, int] = LOOK_BACK) -> Standings:
    """Rank bars, session by session, at once."""
    standings: Standings = {}
    for session in sorted({key[0] for key in bars}):
        rows = [(*key[1:], *numbers) for key, numbers in sorted(bars.items()) if key[0] == session]
        start, key, close, value = (np.array([row[place] for row in rows], np.int64) for place in range(4))
        peers, *numbers = kernels.cross_section(key.astype(np.int32), start, close, value, *look_back).values()
        for row, count, line in zip(rows, peers.tolist(), np.column_stack(numbers), strict=True):
            standings[session, row[0], row[1]] = (int(count), line.tobytes())
    return standings


def handed_on(lanes: list[list[bytes]]) -> HandedOn:
    """Give the books over standings that partitions handed on, by session."""
    books: HandedOn = {}
    for record in (record for lane in lanes for record in lane if record[0] == Kind.BOOK):
        body = record[HEADER.itemsize + CAUSE.itemsize :]
        books.setdefault(int(np.frombuffer(body, BOOK, 1)["session_date"][0]), set()).add(body)
    return books


def batch_cross_signals(standings: Standings, books: HandedOn, width: int, kernels: Kernels) -> Signals:
    """Judge standings, session by session, at once."""
    signals: Signals = {}
    for session in books:
        keys = sorted((key for key in standings if key[0] == session), key=lambda key: (key[2], key[1]))
        if not keys:
            continue
        days, starts, ids = np.array(keys, np.int64).T
        inputs = np.array([np.frombuffer(standings[key][1]) for key in keys]).reshape(len(keys), -1)
        places = ids.astype(np.int32), days.astype(np.int32), np.ascontiguousarray(starts)
        made = kernels.signals_of(sorted(books[session]), *places, inputs, width, Reads.STANDING)
        signals |= last_signals(0, made.view(SIGNAL_OUT))[0]
    return signals


def begun_books(books: HandedOn) -> HandedOn:
    """Leave the sessions whose books all begin before them: of another it depends on the partitions who gets it."""
    begins = {session: [np.frombuffer(body, BOOK, 1)["from"][0] for body in held] for session, held in books.items()}
    return {session: held for session, held in books.items() if begins[session] == [0]}


class Tally:
    """Count what the second fold made of cases, and where it is not what it must be."""

    def __init__(self) -> None:
        """Begin empty."""
        self.counts: Counter[str] = Counter()

    def add(self, case: Case, random: np.random.Generator, first: Kernels, second: Kernels) -> list[bytes]:
        """Deal a case out, fold what the partitions give twice, mixed and cut otherwise, and compare with the batch.

        Give the output records.
        """
        partitions = int(random.integers(1, 5))
        lanes = given(case, partitions, second)
        one, other = mixed(lanes, random), mixed(lanes, random)
        expected = run(case, partitions, first, one, random_cuts(random, len(one)), restores=False)
        made = run(case, partitions, second, other, random_cuts(random, len(other)), restores=True)
        standings = last_standings(made.outputs)
        against: Difference = differences(standings, batch_standings(last_bars(lanes), second))
        books = begun_books(handed_on(lanes))
        said, again = last_signals(0, split_outputs(*join(made.outputs))[Kind.CROSS_SIGNAL])
        said = {key: says for key, says in said.items() if key[1] in books}
        judged = differences(said, batch_cross_signals(standings, books, case.parameters[0], second))
        self.counts["cross_signal"] += len(said)
        self.counts["cross_signals_lost"] += judged.lost
        self.counts["cross_signals_wrong"] += judged.wrong
        self.counts["repeated"] += again
        self.counts["standing"] += len(standings)
        self.counts["standings_lost"] += against.lost
        self.counts["standings_wrong"] += against.wrong + (expected != made)
        return made.outputs
