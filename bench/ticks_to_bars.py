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
import json
import os
import platform
import statistics
import sys
import tempfile
from dataclasses import asdict, dataclass
from datetime import date
from itertools import islice
from pathlib import Path
from typing import Any

import duckdb
import structlog
from deltalake import DeltaTable
from rich.console import Console
from rich.table import Table as Grid

from bench.bars.peers import PEERS, Peer, Work
from bench.bars.ticks import prepare
from spark_apps.lake.provenance import code_commit
from spark_apps.rules.calendar import sessions

BENCH = Path(__file__).parents[1] / "build" / "bench"
PER_SESSION = 2_000_000

SUMS = """
    SELECT count(*), sum(open), sum(high), sum(low), sum(close), sum(volume), sum(value), sum(trade_count),
           bit_xor(hash(instrument_id, session_date, bar_start, open, high, low, close, volume, value, trade_count))
    FROM read_parquet($files, hive_partitioning = true)
"""


@dataclass(frozen=True)
class Figure:
    """Hold a row of the table: `rate` in million rows a second, `ratio` how many times as long as ours it took."""

    peer: str
    rows: int
    rate: float
    seconds: float
    cpu_seconds: float
    peak_rss_mb: int
    ratio: float
    runs: int


def fresh(source: Path, days: list[date]) -> tuple[tempfile.TemporaryDirectory[str], Work]:
    """Make a lake folder that holds silver.trades by a link."""
    folder = tempfile.TemporaryDirectory(dir=BENCH, prefix="lake_")
    lake = Path(folder.name)
    (lake / "silver").mkdir()
    (lake / "silver" / "trades").symlink_to(source)
    return folder, Work(days[0], days[-1], lake)


def sums(work: Work) -> tuple[Any, ...]:
    """Sum what a round made, and hash its rows."""
    with duckdb.connect() as engine:
        engine.execute("SET enable_progress_bar = false")
        (found,) = engine.execute(SUMS, {"files": DeltaTable(work.target).file_uris()}).fetchall()
    return tuple(found)


def measure(rows: int, runs: int, size: int) -> list[Figure]:
    """Make the same bars by every peer, round by round; stop where two tables differ."""
    days = list(islice(sessions(date(2024, 1, 2), date(2026, 11, 20)), -(-rows // size)))
    tiny, source = prepare(days[:2], 1_000, BENCH / "data"), prepare(days, size, BENCH / "data")
    peers = [Peer(name) for name in PEERS]
    for number in range(runs + 1):
        answers: dict[str, tuple[Any, ...]] = {}
        for peer in peers:
            folder, work = fresh(source, days) if number else fresh(tiny, days[:2])
            with folder:
                peer.make(work)
                answers[peer.name] = sums(work)
        if len(set(answers.values())) > 1:
            raise SystemExit(f"round {number}: the tables differ: {answers}")
    for peer in peers:
        peer.stop()
    return [figure_of(peer, peers[0], len(days) * size) for peer in peers]


def figure_of(peer: Peer, ours: Peer, rows: int) -> Figure:
    """Sum up a peer's rounds, the warm-up left out."""
    seconds = statistics.median(peer.seconds[1:])
    return Figure(
        peer=peer.name,
        rows=rows,
        rate=round(rows / seconds / 1e6, 2),
        seconds=round(seconds, 2),
        cpu_seconds=round(statistics.median(peer.cpu_seconds[1:]), 2),
        peak_rss_mb=round(peer.peak / 1e6),
        ratio=round(seconds / statistics.median(ours.seconds[1:]), 2),
        runs=len(peer.seconds) - 1,
    )


def keep(figures: list[Figure], machine: str, command: str) -> None:
    """Print the table; append a line per peer to build/bench.jsonl."""
    commit = code_commit()
    grid = Grid(title=f"ticks to a committed Delta table; {machine}; commit {commit}; {command}")
    for name in asdict(figures[0]):
        grid.add_column(name)
    for figure in figures:
        grid.add_row(*map(str, asdict(figure).values()))
    Console(width=120).print(grid)
    ours = {figure.rows: figure.rate for figure in figures if figure.peer == "tayho"}
    with (BENCH.parent / "bench.jsonl").open("a", encoding="utf-8") as ledger:
        for figure in figures:
            if figure.peer != "tayho":
                line = {"bench": f"ticks_to_bars_{figure.rows}", "ours": ours[figure.rows], "unit": "M rows/s"}
                line |= {"peer": figure.peer, "peer_value": figure.rate, "ratio": figure.ratio}
                ledger.write(json.dumps(line | {"runs": figure.runs, "commit": commit}) + "\n")


def main() -> None:
    """Measure every size."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, nargs="+", default=[50_000_000, 200_000_000])
    parser.add_argument("--runs", type=int, nargs="+", default=[3, 1], help="rounds of each size")
    parser.add_argument("--cores", type=int, default=2)
    options = parser.parse_args()
    cores = sorted(os.sched_getaffinity(0))[: options.cores]
    os.sched_setaffinity(0, cores)  # Spark, DuckDB, Polars and deltalake count these
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(30))
    BENCH.mkdir(parents=True, exist_ok=True)
    figures = [
        figure
        for rows, runs in zip(options.rows, options.runs, strict=False)
        for figure in measure(rows, runs, PER_SESSION)
    ]
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2**30
    keep(figures, f"{len(cores)} cores, {memory} GiB, {platform.platform()}", " ".join(sys.argv))


if __name__ == "__main__":
    main()
