"""Drill: random fold-level cases through the C++ fold and its twin, against the batch fold and an SQL engine.

`python -m tests.drills.fold_parity --cases 10000 --seed 1` prints one line and appends it to build/drills.jsonl. A case
is a session or two of messy records: ties, duplicates, late and future rows, corrections, cancellations, unreadable
records, clocks that stand still. Both folds are cut into calls at different places, and one of the two restores from
its sections at every cut: same rows, same state bytes. Then the last revisions of all cases must be the bars that
the batch fold makes of the accepted trades in event order, and those that DuckDB makes of them. Where there is no
compiler the twin stands for both.
"""

import argparse
import sys
import time
from collections import Counter
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from spark_apps.errors import SchemaMismatch
from spark_apps.kernels import NATIVE, Kernels, choose
from spark_apps.kernels.records import (
    ENTRY,
    ClockFlag,
    Ints,
    Kind,
    Rows,
    cut,
    decode,
    encode_clock,
    encode_corrections,
    encode_trades,
    encode_unreadable,
    join,
    split_outputs,
)
from spark_apps.kernels.sections import SECTION
from tests.drills.truth import (
    SAME,
    Bars,
    Difference,
    accepted,
    batch_bars,
    differences,
    last_revisions,
    oracle_bars,
    repeated_keys,
)
from tests.drills.verdict import record

SECOND = 1_000_000_000
OPENS_AT = 60 * SECOND  # trades are up to eight seconds older than their clock, and 1970 is where the batch fold begins
FIRST_OFFSET = 1000
# A session that none of the cases reaches: it ends theirs, so that every bar is given.
END = encode_clock(0, 1 << 20, ClockFlag.OPENS)
ASIDE = (Kind.LATE, Kind.REFUSED, Kind.DUPLICATE)


class Case(NamedTuple):
    """Hold what one case feeds to a fold."""

    parameters: tuple[int, int, int, int, int, int]
    records: list[bytes]
    cuts: tuple[list[int], list[int]]


def random_case(random: np.random.Generator) -> Case:
    """Make a case: up to 40 records of up to 6 entries for 3 instruments, times dense enough to tie."""
    seconds = SECOND * np.array([random.integers(1, 8), random.integers(0, 15), random.integers(0, 10)])
    parameters = (*seconds.tolist(), int(random.integers(2, 30)), 3, 5)
    market_time, session = OPENS_AT, 20
    records = [encode_clock(market_time, session, ClockFlag.OPENS)]
    sent = [np.zeros(0, ENTRY)]
    for _ in range(random.integers(0, 40)):
        market_time += int(random.integers(0, 3)) * SECOND
        session += int(random.random() < 0.02)
        roll = random.random()
        if roll < 0.35:
            flags = ClockFlag(int(random.choice(4, p=(0.9, 0.07, 0.02, 0.01))))
            records.append(encode_clock(market_time, session - int(random.random() < 0.1), flags))
        elif roll < 0.8:
            sent.append(_entries(random, market_time, session))
            records.append(encode_trades(sent[-1]))
        elif roll < 0.98:
            records.append(encode_corrections(_corrections(random, market_time, session, np.concatenate(sent))))
        else:
            records.append(encode_unreadable(random.bytes(int(random.integers(0, 20)))))
    return Case(parameters, records, (_cuts(random, len(records)), _cuts(random, len(records))))


def _entries(random: np.random.Generator, market_time: int, session: int) -> Rows:
    entries = np.zeros(random.integers(0, 7), ENTRY)
    size = len(entries)
    entries["instrument_id"] = random.integers(1, 4, size)
    entries["session_date"] = session + random.choice([0] * 30 + [-1, 1], size)
    entries["source"] = random.integers(1, 3, size)
    entries["verdict"] = np.where(random.random(size) < 0.03, 20, 0)
    entries["source_seq"] = random.integers(0, 60, size)
    entries["corrects_seq"] = random.integers(0, 60, size)
    entries["event_time"] = market_time + random.integers(-16, 4, size) * SECOND // 2
    entries["price"] = random.integers(1, 12, size) * 5000 - random.choice([0] * 30 + [60_000], size)
    entries["quantity"] = random.choice([1, 5, *[100] * 30, 0, -1, 1 << 60], size)
    return entries


def _corrections(random: np.random.Generator, market_time: int, session: int, sent: Rows) -> Rows:
    """Correct what was sent shortly before, or something that never was; quantity 0 cancels."""
    entries = _entries(random, market_time, session)
    entries["quantity"][random.random(len(entries)) < 0.3] = 0
    for entry in entries[: len(sent)]:
        if random.random() < 0.9:
            target = sent[-int(random.integers(1, min(len(sent), 8) + 1))]
            entry["corrects_seq"] = target["source_seq"]
            for name in ("instrument_id", "source", "session_date"):
                entry[name] = target[name]
    return entries


def _cuts(random: np.random.Generator, count: int) -> list[int]:
    places = np.flatnonzero(random.random(count) < random.random()).tolist()
    return [0, *places, count]


class Outcome(NamedTuple):
    """Hold what a fold made of a case: output records, sections as a store would hold them, outputs of the end."""

    outputs: list[bytes]
    sections: dict[int, bytes]
    last: list[bytes]


def run(case: Case, kernels: Kernels, cuts: list[int], *, restores: bool) -> Outcome:
    """Fold a case cut into calls, and then end its session."""
    make = kernels.BarFold
    fold, outputs, stored = make(*case.parameters), list[bytes](), dict[int, bytes]()
    for start, end in pairwise(cuts):
        offsets: Ints = np.arange(start, end, dtype=np.int64) + FIRST_OFFSET
        outputs += cut(*fold.apply(offsets, *join(case.records[start:end])))
        stored.update(fold.touched())
        if restores:
            fold = make(*case.parameters)
            fold.restore(stored.items())
    last = fold.apply(np.array([len(case.records) + FIRST_OFFSET]), *join([END]))
    return Outcome(outputs, _of_open_session(stored), cut(*last))


def _of_open_session(stored: dict[int, bytes]) -> dict[int, bytes]:
    """Drop what an earlier session left in the store: whether it got there depends on where calls were cut."""
    session = np.frombuffer(stored[0], "<i4", 1, SECTION.itemsize + 8)[0] if 0 in stored else None
    return {
        key: section
        for key, section in stored.items()
        if key == 0 or np.frombuffer(section, "<i4", 1, SECTION.itemsize)[0] == session
    }


class Tally:
    """Gather what the cases accepted and gave, and hold all of it against truth and oracle at once."""

    def __init__(self) -> None:
        """Begin empty."""
        self.counts: Counter[str] = Counter()
        self.accepted: list[Rows] = []
        self.bars: Bars = {}

    def add(self, number: int, case: Case, made: Outcome) -> None:
        """Take the outputs of one case."""
        rows = split_outputs(*join([*made.outputs, *made.last]))
        aside = [key for kind in ASIDE for key in rows[kind][["input_offset", *SAME]].tolist()]
        taken = accepted(number, case.parameters[0], _entries_of(case.records), Counter(aside))
        bars, repeated = last_revisions(number, rows[Kind.BAR])
        self.accepted.append(taken)
        self.bars |= bars
        self.counts.update({kind.name.lower(): len(rows[kind]) for kind in (Kind.BAR, *ASIDE)})
        self.counts.update(
            accepted=len(taken), corrected=int(taken["is_correction"].sum()), repeated=repeated + repeated_keys(taken)
        )

    def differences(self, kernels: Kernels) -> tuple[Difference, Difference]:
        """Compare the last revisions with the batch fold, and with the other engine."""
        rows = np.concatenate(self.accepted)
        return differences(self.bars, batch_bars(rows, kernels)), differences(self.bars, oracle_bars(rows))


def _entries_of(records: list[bytes]) -> list[tuple[int, Kind, Rows]]:
    """Give the entries that a reader finds in records, with their offsets."""
    found = []
    for offset, one in enumerate(records, FIRST_OFFSET):
        try:
            found.append((offset, *decode(one)))
        except SchemaMismatch:
            continue
    return found


def main() -> int:
    """Run the cases; print and record what is lost, doubled and wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    tested, twin = choose("preferred"), choose("off")
    random = np.random.default_rng(options.seed)
    started, unlike, tally = time.monotonic(), 0, Tally()
    for number in range(options.cases):
        case = random_case(random)
        expected = run(case, twin, case.cuts[0], restores=False)
        made = run(case, tested, case.cuts[1], restores=bool(number % 2))
        unlike += expected != made
        tally.add(number, case, made)
    truth, oracle = tally.differences(tested)
    counts = tally.counts
    shown = " ".join(f"{name}={counts[name]}" for name in ("accepted", "corrected", "late", "refused", "duplicate"))
    print(
        f"# cases={options.cases} {shown} rows={counts['bar']} bars={len(tally.bars)}"
        f" kernels={'native' if NATIVE else 'twin'} unlike_twin={unlike}"
        f" against_batch={truth.lost}+{truth.wrong} against_oracle={oracle.lost}+{oracle.wrong}"
    )
    verdict = {"drill": "fold_parity", "seed": options.seed, "cases": options.cases, "lost": truth.lost + oracle.lost}
    verdict |= {"doubled": counts["repeated"], "wrong": unlike + truth.wrong + oracle.wrong}
    has_all = all(counts[name] for name in ("bar", "accepted", "corrected", "late", "refused", "duplicate"))
    passed = has_all and not (verdict["lost"] or verdict["doubled"] or verdict["wrong"])
    record(verdict | {"recovered_s": round(time.monotonic() - started, 1), "passed": passed})
    return int(not passed)


if __name__ == "__main__":
    sys.exit(main())
