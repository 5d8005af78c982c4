"""Drill: random fold-level cases through the C++ fold and its twin, which must give the same rows and state bytes.

`python -m tests.drills.fold_parity --cases 10000 --seed 1` prints one line and appends it to build/drills.jsonl. A case
is a session or two of messy records: ties, duplicates, late and future rows, corrections, cancellations, unreadable
records, clocks that stand still. Both folds are cut into calls at different places, and one of the two restores from
its sections at every cut.
"""

import argparse
import json
import sys
import time
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np

from spark_apps.kernels import choose, reference
from spark_apps.kernels.records import (
    ENTRY,
    ClockFlag,
    Ints,
    Rows,
    cut,
    encode_clock,
    encode_corrections,
    encode_trades,
    encode_unreadable,
    join,
)
from spark_apps.kernels.sections import SECTION

SECOND = 1_000_000_000
LEDGER = Path("build/drills.jsonl")


class Case(NamedTuple):
    """Hold what one case feeds to a fold."""

    parameters: tuple[int, int, int, int, int, int]
    records: list[bytes]
    cuts: tuple[list[int], list[int]]


def random_case(random: np.random.Generator) -> Case:
    """Make a case: up to 40 records of up to 6 entries for 3 instruments, times dense enough to tie."""
    seconds = SECOND * np.array([random.integers(1, 8), random.integers(0, 15), random.integers(0, 10)])
    parameters = (*seconds.tolist(), int(random.integers(2, 30)), 3, 5)
    market_time, session = 0, 20
    records = [encode_clock(0, session, ClockFlag.OPENS)]
    for _ in range(random.integers(0, 40)):
        market_time += int(random.integers(0, 3)) * SECOND
        session += int(random.random() < 0.02)
        roll = random.random()
        if roll < 0.3:
            flags = ClockFlag(int(random.choice([0, 0, 0, 0, 1, 2, 3])))
            records.append(encode_clock(market_time, session - int(random.random() < 0.1), flags))
        elif roll < 0.85:
            records.append(encode_trades(_entries(random, market_time, session)))
        elif roll < 0.98:
            records.append(encode_corrections(_entries(random, market_time, session)))
        else:
            records.append(encode_unreadable(random.bytes(int(random.integers(0, 20)))))
    return Case(parameters, records, (_cuts(random, len(records)), _cuts(random, len(records))))


def _entries(random: np.random.Generator, market_time: int, session: int) -> Rows:
    entries = np.zeros(random.integers(0, 7), ENTRY)
    size = len(entries)
    entries["instrument_id"] = random.integers(1, 4, size)
    entries["session_date"] = session + random.choice([0, 0, 0, 0, 0, 0, 0, 0, 0, -1, 1], size)
    entries["source"] = random.integers(1, 3, size)
    entries["verdict"] = np.where(random.random(size) < 0.03, 20, 0)
    entries["source_seq"] = random.integers(0, 60, size)
    entries["corrects_seq"] = random.integers(0, 60, size)
    entries["event_time"] = market_time + random.integers(-16, 8, size) * SECOND // 2
    entries["price"] = random.integers(0, 12, size) * 5000 - random.choice([0, 0, 0, 0, 0, 0, 0, 60000], size)
    entries["quantity"] = random.choice([0, 1, 5, 100, 100, 100, 100, -1, 1 << 60], size)
    return entries


def _cuts(random: np.random.Generator, count: int) -> list[int]:
    places = np.flatnonzero(random.random(count) < random.random()).tolist()
    return [0, *places, count]


def run(case: Case, kernels: object, cuts: list[int], *, restores: bool) -> tuple[list[bytes], dict[int, bytes]]:
    """Fold a case cut into calls; give the output records and the sections as a store would hold them."""
    make = kernels.BarFold  # type: ignore[attr-defined]  # a module of kernels/__init__.Kernels
    fold, outputs, stored = make(*case.parameters), [], {}
    for start, end in pairwise(cuts):
        offsets: Ints = np.arange(start, end, dtype=np.int64) + 1000
        outputs += cut(*fold.apply(offsets, *join(case.records[start:end])))
        stored.update(fold.touched())
        if restores:
            fold = make(*case.parameters)
            fold.restore(stored.items())
    return outputs, _of_open_session(stored)


def _of_open_session(stored: dict[int, bytes]) -> dict[int, bytes]:
    """Drop what an earlier session left in the store: whether it got there depends on where calls were cut."""
    session = np.frombuffer(stored[0], "<i4", 1, SECTION.itemsize + 8)[0] if 0 in stored else None
    return {
        key: section
        for key, section in stored.items()
        if key == 0 or np.frombuffer(section, "<i4", 1, SECTION.itemsize)[0] == session
    }


def main() -> int:
    """Run the cases; print and record the count of wrong ones."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    native = choose("required")
    random = np.random.default_rng(options.seed)
    started, wrong, rows = time.monotonic(), 0, 0
    for number in range(options.cases):
        case = random_case(random)
        expected = run(case, reference, case.cuts[0], restores=False)
        wrong += expected != run(case, native, case.cuts[1], restores=bool(number % 2))
        rows += len(expected[0])
    verdict = {"drill": "fold_parity", "seed": options.seed, "lost": 0, "doubled": 0, "wrong": wrong}
    verdict |= {"recovered_s": round(time.monotonic() - started, 1), "passed": wrong == 0}
    LEDGER.parent.mkdir(exist_ok=True)
    with LEDGER.open("a", encoding="utf-8") as ledger:
        ledger.write(json.dumps(verdict) + "\n")
    outcome = "passed" if wrong == 0 else "FAILED"
    print(f"drill=fold_parity seed={options.seed} cases={options.cases} rows={rows} wrong={wrong} {outcome}")
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
