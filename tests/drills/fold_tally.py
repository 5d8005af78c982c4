"""What cases of the fold-level drill accepted and gave, gathered, and held against the batch and another engine."""

from collections import Counter
from typing import NamedTuple

import numpy as np

from spark_apps.errors import SchemaMismatch
from spark_apps.kernels import Kernels
from spark_apps.kernels.layouts import Kind, Rows
from spark_apps.kernels.output_records import split_outputs
from spark_apps.kernels.records import decode, join
from spark_apps.tables.strategy_model import Result
from tests.drills.cases import Case
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

FIRST_OFFSET = 1000
ASIDE = (Kind.LATE, Kind.REFUSED, Kind.DUPLICATE)
QUOTES_ASIDE = (Kind.LATE_QUOTE, Kind.REFUSED_QUOTE, Kind.DUPLICATE_QUOTE)


class Made(NamedTuple):
    """Hold what a fold made of a case: output records, sections as a store would hold them, outputs of the end."""

    outputs: list[bytes]
    sections: dict[int, bytes]
    last: list[bytes]


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
