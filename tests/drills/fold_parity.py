"""Drill: random fold-level cases through the C++ fold and its twin, against the batch fold and an SQL engine.

`python -m tests.drills.fold_parity --cases 100000 --seed 1` prints one line and appends it to build/drills.jsonl. A
case is a session or two of messy records: ties, duplicates, late and future rows, corrections, cancellations,
unreadable records, clocks that stand still, seeds and books good and bad. It is folded twice, cut into calls at
different places, and one of the two restores from its sections at every cut: same rows, same state bytes. In every
`--twin`th case one of the two is the slow twin. Then the last revisions of all cases must be the bars that the batch
folds make of the accepted trades and quotes in event order, with their indicators, signals and figures, and the bars
and figures that DuckDB makes of them. Each case is dealt out to some partitions, too, and what these give, mixed at
random, put through the second fold, twice; its last revisions must be the batch of the same bars. Where there is no
compiler the twin stands for both.
"""

import argparse
import sys
import time
from collections import Counter
from functools import partial
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from spark_apps.errors import SchemaMismatch
from spark_apps.kernels import NATIVE, Kernels, choose
from spark_apps.kernels.layouts import Ints, Kind, Rows
from spark_apps.kernels.output_records import split_outputs
from spark_apps.kernels.records import cut, decode, join
from spark_apps.kernels.sections import SECTION
from spark_apps.tables.strategy_model import Result
from tests.drills import cross_cases
from tests.drills.cases import END, Case, random_case
from tests.drills.indicator_truth import (
    Indicators,
    Seeds,
    batch_indicators,
    last_indicators,
    taken_seeds,
)
from tests.drills.quote_truth import SAME_QUOTE, Figures, accepted_quotes, batch_figures, last_figures, oracle_figures
from tests.drills.signal_truth import Books, Signals, batch_signals, last_signals, taken_books
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

FIRST_OFFSET = 1000
ASIDE = (Kind.LATE, Kind.REFUSED, Kind.DUPLICATE)
QUOTES_ASIDE = (Kind.LATE_QUOTE, Kind.REFUSED_QUOTE, Kind.DUPLICATE_QUOTE)
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
    "quote",
    "quoted",
    "late_quote",
    "refused_quote",
    "duplicate_quote",
)


class Made(NamedTuple):
    """Hold what a fold made of a case: output records, sections as a store would hold them, outputs of the end."""

    outputs: list[bytes]
    sections: dict[int, bytes]
    last: list[bytes]


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


class Differences(NamedTuple):
    """Hold where last revisions differ: all from the batch, bars and figures of quotes from the other engine too."""

    bars: Difference
    oracle: Difference
    indicators: Difference
    signals: Difference
    figures: Difference
    figures_oracle: Difference


class Tally:
    """Gather what the cases accepted and gave, and hold all of it against truth and oracle at once."""

    def __init__(self) -> None:
        """Begin empty."""
        self.counts: Counter[str] = Counter()
        self.accepted: list[Rows] = []
        self.bars: Bars = {}
        self.indicators: Indicators = {}
        self.seeds: Seeds = {}
        self.signals: Signals = {}
        self.books: Books = {}
        self.quotes: list[Rows] = []
        self.figures: Figures = {}
        self.widths: dict[int, int] = {}

    def add(self, number: int, case: Case, made: Made) -> None:
        """Take the outputs of one case."""
        rows = split_outputs(*join([*made.outputs, *made.last]))
        aside = [key for kind in ASIDE for key in rows[kind][["input_offset", *SAME]].tolist()]
        width, entries = case.parameters[0], _entries_of(case.records)
        taken = accepted(number, width, entries, Counter(aside))
        quotes_aside = [key for kind in QUOTES_ASIDE for key in rows[kind][["input_offset", *SAME_QUOTE]].tolist()]
        quotes = accepted_quotes(number, width, entries, quotes_aside)
        bars, repeated = last_revisions(number, rows[Kind.BAR])
        indicators, told_again = last_indicators(number, rows[Kind.INDICATOR])
        signals, said_again = last_signals(number, rows[Kind.SIGNAL])
        figures, quoted_again = last_figures(number, rows[Kind.QUOTED])
        sent = list(enumerate(case.records, FIRST_OFFSET))
        seeds = taken_seeds(number, sent, rows[Kind.REFUSED])
        books = taken_books(number, sent, rows[Kind.REFUSED])
        self.accepted.append(taken)
        self.quotes.append(quotes)
        self.figures |= figures
        self.bars |= bars
        self.indicators |= indicators
        self.seeds |= seeds
        self.signals |= signals
        self.books |= books
        self.widths[number] = width
        self.counts.update(
            {
                kind.name.lower(): len(rows[kind])
                for kind in (Kind.BAR, Kind.INDICATOR, Kind.SIGNAL, Kind.QUOTED, *ASIDE, *QUOTES_ASIDE)
            }
        )
        self.counts.update(
            accepted=len(taken),
            quote=len(quotes),
            corrected=int(taken["is_correction"].sum()),
            seeded=sum(map(len, seeds.values())),
            warm=sum(not np.isnan(np.frombuffer(row[-1])).any() for row in indicators.values()),
            booked=sum(map(len, books.values())),
            withdrawn=int(np.count_nonzero(rows[Kind.SIGNAL]["result"] == Result.WITHDRAWN)),
            repeated=repeated + told_again + said_again + quoted_again + repeated_keys(taken) + repeated_keys(quotes),
        )

    def differences(self, kernels: Kernels) -> Differences:
        """Compare the last revisions with the batch folds, and those of bars with the other engine."""
        rows, quotes = np.concatenate(self.accepted), np.concatenate(self.quotes)
        truth = batch_bars(rows, kernels)
        indicators = batch_indicators(truth, self.seeds, kernels)
        figures = batch_figures(rows, quotes, kernels)
        signals = batch_signals(truth, indicators, figures, self.books, self.widths, kernels)
        return Differences(
            differences(self.bars, truth),
            differences(self.bars, oracle_bars(rows)),
            differences(self.indicators, indicators),
            differences(self.signals, signals),
            differences(self.figures, figures),
            differences(self.figures, oracle_figures(rows, quotes)),
        )


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
    parser.add_argument("--cases", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--twin", type=int, default=20, help="every so many cases the twin folds one of the two")
    options = parser.parse_args()
    tested, twin = choose("preferred"), choose("off")
    random = np.random.default_rng(options.seed)
    started, unlike, tally, standings = time.monotonic(), 0, Tally(), cross_cases.Tally()
    for number in range(options.cases):
        case = random_case(random)
        expected = run(case, tested if number % options.twin else twin, case.cuts[0], restores=False)
        made = run(case, tested, case.cuts[1], restores=True)
        unlike += expected != made
        tally.add(number, case, made)
        standings.add(case, random, tested if number % options.twin else twin, tested)
    against = tally.differences(tested)
    counts = tally.counts
    shown = " ".join(f"{name}={counts[name]}" for name in NAMED)
    counts |= standings.counts
    print(
        f"# cases={options.cases} twin={len(range(0, options.cases, options.twin))} {shown} rows={counts['bar']}"
        f" bars={len(tally.bars)} kernels={'native' if NATIVE else 'twin'} unlike={unlike}"
        + "".join(f" {name}_differ={each.lost}+{each.wrong}" for name, each in against._asdict().items())
    )
    verdict = {"drill": "fold_parity", "seed": options.seed, "cases": options.cases}
    verdict |= {"lost": counts["standings_lost"] + sum(each.lost for each in against), "doubled": counts["repeated"]}
    verdict |= {"wrong": unlike + counts["standings_wrong"] + sum(each.wrong for each in against)}
    passed = all(counts[name] for name in NAMED) and not (verdict["lost"] or verdict["doubled"] or verdict["wrong"])
    record(verdict | {"recovered_s": round(time.monotonic() - started, 1), "passed": passed})
    return int(not passed)


if __name__ == "__main__":
    sys.exit(main())
