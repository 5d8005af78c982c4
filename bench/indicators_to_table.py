"""Bench: indicators of minute bars, from files to a committed Delta table, beside applyInPandas with TA-Lib.

python bench/indicators_to_table.py [--sessions 23 46] [--runs 3 1] [--cores 2]

Ours is the product path, `run(job indicators_1m, batch(first, last), ...)`: the fifteen columns of gold.indicators_1m
(the eight of performance.md among them) with the hashes of opening and closing states, carried states, commit and books
included. The peer is what a Spark user would write: the same session's settings, `groupBy(...).applyInPandas` with
TA-Lib for the same columns. Rounds interleave both, each in its own process; the values must be equal. 400 instruments,
90,000 bars a session: 23 sessions are 2 M rows. Bars are made once, seeded, and kept under build/bench/data.
"""

import argparse
from collections.abc import Mapping
from contextlib import AbstractContextManager
from datetime import date
from itertools import islice

import numpy as np
import pyarrow as pa
from deltalake import DeltaTable

from bench.figures import BENCH, Figure, in_turns, keep, on_cores
from bench.indicators.bars import INSTRUMENTS, MINUTES, prepare
from bench.indicators.peers import PEERS
from bench.work import Work, fresh
from spark_apps.rules.calendar import sessions
from spark_apps.tables.indicators import CHOSEN, INDICATORS_1M
from spark_apps.tables.market import BARS_1M

# TA-Lib shows these lines only once their signal is there.
LATER = ("macd_12_26", "stochastic_k_14")


def rows_of(work: Work) -> pa.Table:
    """Read what a round made, in order of its key."""
    columns = ["instrument_id", "bar_start", *CHOSEN]
    made = pa.table(DeltaTable(work.place).to_pyarrow_table(columns=columns))
    return made.sort_by([("instrument_id", "ascending"), ("bar_start", "ascending")])


def refuse_differences(works: Mapping[str, Work]) -> None:
    """Stop where the peers' values differ by more than their last digits, or one has a value and the other none."""
    (ours, *others) = (rows_of(work) for work in works.values())
    for theirs in others:
        for name in ("instrument_id", "bar_start"):
            if not ours[name].equals(theirs[name]):
                raise SystemExit(f"{name}: the tables hold other rows, {ours.num_rows} and {theirs.num_rows}")
        for name in CHOSEN:
            mine, other = (table[name].to_numpy(zero_copy_only=False) for table in (ours, theirs))
            known = ~np.isnan(other) if name in LATER else np.full(len(mine), True)
            if not np.allclose(mine[known], other[known], rtol=1e-9, atol=1e-4, equal_nan=True):
                raise SystemExit(f"{name}: the values differ")


def measure(count: int, runs: int) -> list[Figure]:
    """Compute the same indicators by every peer, round by round."""
    days = list(islice(sessions(date(2025, 6, 2), date(2026, 11, 20)), count))
    source = prepare(days, BENCH / "data" / "minutes")

    def place(number: int) -> AbstractContextManager[Work]:
        return fresh(source, days if number else days[:1], BARS_1M, INDICATORS_1M)

    return in_turns(PEERS, place, refuse_differences, runs, count * INSTRUMENTS * MINUTES)


def main() -> None:
    """Measure every size."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sessions", type=int, nargs="+", default=[23, 46])
    parser.add_argument("--runs", type=int, nargs="+", default=[3, 1], help="rounds of each size")
    parser.add_argument("--cores", type=int, default=2)
    options = parser.parse_args()
    machine = on_cores(options.cores)
    figures = [
        figure for count, runs in zip(options.sessions, options.runs, strict=False) for figure in measure(count, runs)
    ]
    keep("indicators_to_table", figures, machine)


if __name__ == "__main__":
    main()
