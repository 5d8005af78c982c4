"""Drill: random fold-level cases through the C++ fold and its twin, against the batch fold and an SQL engine.

`python -m tests.drills.fold_parity --cases 100000 --seed 1` prints what occurred and a verdict, which it appends to
build/drills.jsonl. Cases are drawn and folded in blocks, `--workers` of them at once; `sha256` is that of all output
records in the order of the cases, the same for any number of workers. A
case is a session or two of messy records: ties, duplicates, late and future rows, corrections, cancellations,
unreadable records, clocks that stand still, seeds and books good and bad. It is folded twice, cut into calls at
different places, and one of the two restores from its sections at every cut: same rows, same state bytes. In every
`--twin`th case one of the two is the slow twin. Then the last revisions of all cases must be the bars that the batch
folds make of the accepted trades and quotes in event order, with their indicators, signals and figures, and the bars
and figures that DuckDB makes of them. Each case is dealt out to some partitions, too, and what these give, mixed at
random, put through the second fold, twice; its last revisions must be the batch of the same bars, and what strategies
say of it that of the same standings. Where there is no compiler the twin stands for both.
"""

import argparse
import hashlib
import os
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from itertools import pairwise
from multiprocessing import get_context
from typing import NamedTuple

import numpy as np

from spark_apps.kernels import NATIVE, Kernels, choose
from spark_apps.kernels.layouts import Ints
from spark_apps.kernels.records import cut, join
from spark_apps.kernels.sections import SECTION
from tests.drills import cross_cases
from tests.drills.cases import END, Case, random_case
from tests.drills.fold_tally import FIRST_OFFSET, Made, Tally
from tests.drills.verdict import record

BLOCK = 2_500
# What must occur among the cases.
NAMED = (
    "accepted",
    "corrected",
    "late",
    "refused",
    "duplicate",
    "seeded",
    "indicator",
    "warm",
    "booked",
    "signal",
    "withdrawn",
    "standing",
    "cross_signal",
    "quote",
    "quoted",
    "late_quote",
    "refused_quote",
    "duplicate_quote",
)


class Block(NamedTuple):
    """Name cases that are drawn from one generator; in every `twin`th the twin folds one of the two."""

    seed: int
    number: int
    cases: int
    twin: int


class Outcome(NamedTuple):
    """Hold what became of a block: counts by name, among them what is lost, doubled and wrong; the hash of its rows."""

    counts: Counter[str]
    digest: bytes


def run(case: Case, kernels: Kernels, cuts: list[int], *, restores: bool) -> Made:
    """Fold a case cut into calls, and then end its session."""
    make = partial(kernels.BarFold, *case.parameters, case.indicators)
    fold, outputs, stored = make(), list[bytes](), dict[int, bytes]()
    for start, end in pairwise(cuts):
        offsets: Ints = np.arange(start, end, dtype=np.int64) + FIRST_OFFSET
        outputs += cut(*fold.apply(offsets, *join(case.records[start:end])))
        stored.update(fold.touched())
        if restores:
            fold = make()
            fold.restore(stored.items())
    last = fold.apply(np.array([len(case.records) + FIRST_OFFSET]), *join([END]))
    return Made(outputs, _of_open_session(stored), cut(*last))


def _of_open_session(stored: dict[int, bytes]) -> dict[int, bytes]:
    """Drop bars that an earlier session left in the store: whether they got there depends on where calls were cut."""
    session = np.frombuffer(stored[0], "<i4", 1, SECTION.itemsize + 8)[0] if 0 in stored else None
    return {
        key: section
        for key, section in stored.items()
        if key <= 0 or np.frombuffer(section, "<i4", 1, SECTION.itemsize)[0] == session
    }


def fold_block(block: Block) -> Outcome:
    """Draw the cases of a block, fold each in both ways, and hold all of them against truth and oracle."""
    tested, twin = choose("preferred"), choose("off")
    random, rows = np.random.default_rng([block.seed, block.number]), hashlib.sha256()
    unlike, tally, standings = 0, Tally(), cross_cases.Tally()
    for number in range(block.cases):
        case, first = random_case(random), tested if number % block.twin else twin
        expected = run(case, first, case.cuts[0], restores=False)
        made = run(case, tested, case.cuts[1], restores=True)
        unlike += expected != made
        tally.add(number, case, made)
        standing = standings.add(case, random, first, tested)
        rows.update(b"".join([*made.outputs, *made.last, *standing]))
    against = tally.differences(tested)
    counts = tally.counts
    counts.update(standings.counts, cases=block.cases, unlike=unlike, bars=len(tally.bars))
    for name, each in against._asdict().items():
        counts.update({f"{name}_lost": each.lost, f"{name}_wrong": each.wrong})
    return Outcome(counts, rows.digest())


def blocks_of(cases: int, seed: int, twin: int) -> Iterator[Block]:
    """Cut cases into blocks."""
    for number, first in enumerate(range(0, cases, BLOCK)):
        yield Block(seed, number, min(BLOCK, cases - first), twin)


def main() -> int:
    """Run the cases; print and record what is lost, doubled and wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--twin", type=int, default=20, help="every so many cases the twin folds one of the two")
    parser.add_argument("--workers", type=int, default=os.cpu_count(), help="blocks that are folded at once")
    options = parser.parse_args()
    started, counts, rows = time.monotonic(), Counter[str](), hashlib.sha256()
    with ProcessPoolExecutor(options.workers, get_context("spawn")) as workers:
        for outcome in workers.map(fold_block, blocks_of(options.cases, options.seed, options.twin)):
            counts.update(outcome.counts)
            rows.update(outcome.digest)
            print(f"... {counts['cases']} of {options.cases} cases", file=sys.stderr, flush=True)
    shown = " ".join(f"{name}={counts[name]}" for name in (*NAMED, "bar", "bars", "unlike"))
    differing = " ".join(f"{name}={count}" for name, count in counts.items() if name.endswith(("_lost", "_wrong")))
    print(f"# cases={counts['cases']} kernels={'native' if NATIVE else 'twin'} {shown} {differing}")
    lost, wrong = (sum(n for name, n in counts.items() if name.endswith(ending)) for ending in ("_lost", "_wrong"))
    verdict = {"drill": "fold_parity", "seed": options.seed, "cases": counts["cases"], "lost": lost}
    verdict |= {"doubled": counts["repeated"], "wrong": counts["unlike"] + wrong}
    passed = all(counts[name] for name in NAMED) and not (verdict["lost"] or verdict["doubled"] or verdict["wrong"])
    seconds = round(time.monotonic() - started, 1)
    record(verdict | {"sha256": rows.hexdigest(), "recovered_s": seconds, "passed": passed})
    return int(not passed)


if __name__ == "__main__":
    sys.exit(main())
