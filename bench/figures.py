"""Peers in turns, round by round, and what is said of each: a row of a table, and a line of build/bench.jsonl."""

import json
import os
import platform
import statistics
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TypeVar

import structlog
from rich.console import Console
from rich.table import Table as Grid

from bench.peer import Factory, Peer
from spark_apps.lake.provenance import code_commit

BENCH = Path(__file__).parents[1] / "build" / "bench"
Work = TypeVar("Work")


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


def in_turns(
    peers: Mapping[str, Factory],
    fresh: Callable[[int], AbstractContextManager[Work]],
    compare: Callable[[Mapping[str, Work]], None],
    runs: int,
    rows: int,
) -> list[Figure]:
    """Have every peer do the same work, round by round, ours first; round 0 warms up and does not count.

    `fresh` opens a place of its own for a peer's work of a round; `compare` stops the bench where results differ.
    """
    working = [Peer(name, factory) for name, factory in peers.items()]
    for number in range(runs + 1):
        with ExitStack() as places:
            works = {peer.name: places.enter_context(fresh(number)) for peer in working}
            for peer in working:
                peer.make(works[peer.name])
            compare(works)
    for peer in working:
        peer.stop()
    return [_figure_of(peer, working[0], rows) for peer in working]


def _figure_of(peer: Peer, ours: Peer, rows: int) -> Figure:
    """Sum up a peer's rounds, the warm-up left out."""
    seconds = statistics.median(peer.seconds[1:])
    return Figure(
        peer=peer.name,
        rows=rows,
        rate=round(rows / seconds / 1e6, 2),
        seconds=round(seconds, 2),
        cpu_seconds=round(statistics.median(peer.cpu_seconds[1:]), 2),
        peak_rss_mb=round(peer.peak / 1e6),
        # What slows the machine for a while slows all peers of a round.
        ratio=round(statistics.median(map(float.__truediv__, peer.seconds[1:], ours.seconds[1:])), 2),
        runs=len(peer.seconds) - 1,
    )


def on_cores(count: int) -> str:
    """Bind this process and its peers to so many cores, quietly; describe the machine."""
    cores = sorted(os.sched_getaffinity(0))[:count]
    os.sched_setaffinity(0, cores)  # Spark, DuckDB, Polars and deltalake count these
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(30))
    BENCH.mkdir(parents=True, exist_ok=True)
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2**30
    return f"{len(cores)} cores, {memory} GiB, {platform.platform()}"


def keep(bench: str, figures: Sequence[Figure], machine: str) -> None:
    """Print the table; append a line per peer and size to build/bench.jsonl, and how ours grows from size to size."""
    commit = code_commit()
    grid = Grid(title=f"{bench}; {machine}; commit {commit}; {' '.join(sys.argv)}")
    for name in asdict(figures[0]):
        grid.add_column(name)
    for figure in figures:
        grid.add_row(*map(str, asdict(figure).values()))
    Console(width=120).print(grid)
    with (BENCH.parent / "bench.jsonl").open("a", encoding="utf-8") as ledger:
        for line in lines(bench, figures):
            print(" ".join(f"{name}={value}" for name, value in line.items()))
            ledger.write(json.dumps({**line, "commit": commit}) + "\n")


def lines(bench: str, figures: Sequence[Figure]) -> Iterator[dict[str, str | float]]:
    """Give the lines of the ledger; time should grow as the rows do, and memory not at all."""
    ours = {figure.rows: figure for figure in figures if figure.peer == "tayho"}
    for figure in figures:
        if figure.peer != "tayho":
            line: dict[str, str | float] = {"bench": f"{bench}_{figure.rows}", "ours": ours[figure.rows].rate}
            line |= {"unit": "M rows/s", "peer": figure.peer, "peer_value": figure.rate, "ratio": figure.ratio}
            yield line | {"runs": figure.runs}
    for small, large in zip(sorted(ours), sorted(ours)[1:], strict=False):
        grown = large / small
        time = ours[large].seconds / ours[small].seconds
        memory = ours[large].peak_rss_mb / ours[small].peak_rss_mb
        for what, found, aim in (("time", time, grown), ("memory", memory, 1)):
            line = {"bench": f"{bench}_growth_of_{what}", "ours": round(found, 2), "unit": "times"}
            line |= {"peer": f"{grown:g} times the rows", "peer_value": aim, "ratio": round(aim / found, 2)}
            yield line | {"runs": ours[large].runs}
