"""A case of the live fold dealt out to partitions, what these give mixed at random, and the standings that must be."""

from collections import defaultdict
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from spark_apps.errors import SchemaMismatch
from spark_apps.kernels import Kernels
from spark_apps.kernels.output_records import split_outputs
from spark_apps.kernels.records import ClockFlag, Kind, Rows, cut, decode, encode, encode_clock, join
from spark_apps.kernels.reference_cross_fold import CrossFold
from tests.drills.cases import Case

LOOK_BACK = (2, 3)
# A session that none of the cases reaches: it ends theirs, so that every bar is given.
END = encode_clock(0, 1 << 20, ClockFlag.OPENS)
PLACE = ("session_date", "bar_start", "instrument_id")
# (session_date, bar_start, instrument_id) -> peers and the bytes of the other numbers
Standings = dict[tuple[int, ...], tuple[int, bytes]]


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
    if kind not in (Kind.TRADE, Kind.CORRECTION):
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


def batch_standings(lanes: list[list[bytes]], kernels: Kernels) -> Standings:
    """Rank the last revisions of the bars, session by session, at once."""
    last: dict[int, dict[tuple[int, int], tuple[int, int, int]]] = defaultdict(dict)
    for lane in lanes:
        bars = split_outputs(*join(lane))[Kind.BAR]
        names = ["session_date", "bar_start", "instrument_id", "close", "value", "trade_count"]
        for session, start, key, *numbers in bars[names].tolist():
            last[session][start, key] = tuple(numbers)
    standings: Standings = {}
    for session, bars_of in last.items():
        rows = [(*place, close, value) for place, (close, value, count) in sorted(bars_of.items()) if count]
        columns = [np.array([row[place] for row in rows], np.int64) for place in range(4)]
        start, key, close, value = columns
        made = kernels.cross_section(key.astype(np.int32), start, close, value, *LOOK_BACK)
        peers, *numbers = made.values()
        lines = np.column_stack(numbers)
        for place, row in enumerate(rows):
            standings[session, row[0], row[1]] = (int(peers[place]), lines[place].tobytes())
    return standings
