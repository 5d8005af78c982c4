"""Bench: ticks in Parquet to minute bars in a committed Delta table, beside DuckDB and Polars in the same run.

python bench/ticks_to_bars.py [--rows 50000000 200000000] [--runs 3 1] [--cores 2]

Ours is the product path, `run(job bars_1m, batch(first, last), ...)`: rules, sums, commit and books included, only the
start of the Spark session is not. The peers read the same files of silver.trades and write their table through
`deltalake`. They need not break ties by event_time first, as the fold does: in these files source_seq alone is the
order. Rounds interleave the peers, each in its own process and each time in a fresh lake folder; all are bound to
the same cores. Figures are medians; the bench fails unless all tables hold the same bars. Rates and ratios are of the
clock; CPU seconds stand beside them, because other work on the machine stretches the clock. Memory is the peak of the
resident sets of a peer's processes, summed, so pages that they share count more than once.

Ticks are made once and kept under build/bench/data: seeded, 2 M a session, 400 instruments with Zipf-like activity,
sorted by time. Delete the folder to make them anew.
"""

import argparse
from collections.abc import Mapping
from contextlib import AbstractContextManager
from datetime import date
from itertools import islice
from typing import Any

import duckdb
from deltalake import DeltaTable

from bench.bars.peers import PEERS
from bench.bars.ticks import prepare
from bench.figures import BENCH, Figure, in_turns, keep, on_cores
from bench.work import Work, fresh
from spark_apps.rules.calendar import sessions
from spark_apps.tables.market import BARS_1M, TRADES

PER_SESSION = 2_000_000

SUMS = """
    SELECT count(*), sum(open), sum(high), sum(low), sum(close), sum(volume), sum(value), sum(trade_count),
           bit_xor(hash(instrument_id, session_date, bar_start, open, high, low, close, volume, value, trade_count))
    FROM read_parquet($files, hive_partitioning = true)
"""


def sums(work: Work) -> tuple[Any, ...]:
    """Sum what a round made, and hash its rows."""
    with duckdb.connect() as engine:
        engine.execute("SET enable_progress_bar = false")
        (found,) = engine.execute(SUMS, {"files": DeltaTable(work.place).file_uris()}).fetchall()
    return tuple(found)


def refuse_differences(works: Mapping[str, Work]) -> None:
    """Stop where two tables differ."""
    answers = {name: sums(work) for name, work in works.items()}
    if len(set(answers.values())) > 1:
        raise SystemExit(f"the tables differ: {answers}")


def measure(rows: int, runs: int, size: int) -> list[Figure]:
    """Make the same bars by every peer, round by round."""
    days = list(islice(sessions(date(2024, 1, 2), date(2026, 11, 20)), -(-rows // size)))
    tiny, source = prepare(days[:2], 1_000, BENCH / "data"), prepare(days, size, BENCH / "data")

    def place(number: int) -> AbstractContextManager[Work]:
        held, made = (source, days) if number else (tiny, days[:2])
        return fresh(held, made, TRADES, BARS_1M)

    return in_turns(PEERS, place, refuse_differences, runs, len(days) * size)


def main() -> None:
    """Measure every size."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, nargs="+", default=[50_000_000, 200_000_000])
    parser.add_argument("--runs", type=int, nargs="+", default=[3, 1], help="rounds of each size")
    parser.add_argument("--cores", type=int, default=2)
    options = parser.parse_args()
    machine = on_cores(options.cores)
    figures = [
        figure
        for rows, runs in zip(options.rows, options.runs, strict=False)
        for figure in measure(rows, runs, PER_SESSION)
    ]
    keep("ticks_to_bars", figures, machine)


if __name__ == "__main__":
    main()
