"""Measure how much the live path sustains, and how fast it catches up.

python bench/live_throughput.py [--minutes 10] [--catch-up 5000000]

400 instruments at the market's own pace, exactly-once state, bars, indicators and signals, the bronze and gold queries
beside the fold. Sustained: 30,000 trades a second in a record each, then 100,000 in records of 500, both topics; the
load runs in this process, and the rate that it reached is printed. What is sustained is what the fold's commits took in
over the last two thirds of the time, a second; beside it stands how far they were behind, at a third and at the end, in
trades. Catching up: so many trades in records of 500 wait in the topics before the application starts; the clock runs
from its first batch to the commit of the last. The peers are the aims of performance.md.
"""

import argparse
import json
import tempfile
import threading
import time
from pathlib import Path
from typing import NamedTuple

from bench.live.load import Load
from bench.live.running import ROOT, Running, broker_of, running, started
from spark_apps.lake.checkpoints import behind, committed
from spark_apps.lake.kafka import fold_input
from spark_apps.lake.location import checkpoint
from spark_apps.lake.provenance import code_commit

LATENESS, BATCHED, CATCH_UP_RATE = 10, 500, 100_000


class Seen(NamedTuple):
    """Hold what a moment showed: our clock, the records that the fold's commits took in, and those that wait."""

    at: float
    taken: int
    waiting: int


def look(live: Running) -> Seen:
    """See how far the fold's last commit has come in fold_input."""
    topic = fold_input(live.settings.kafka)
    ends = live.ends(topic)
    waiting = behind(committed(checkpoint("fold", live.settings)), {topic: ends})
    return Seen(time.monotonic(), sum(ends.values()) - waiting, waiting)


def sustained(folder: Path, rate: int, per_record: int, seconds: int) -> tuple[float, list[Seen]]:
    """Load the live path for so long; give the rate that was reached and what each second showed."""
    with running(folder, LATENESS) as live:
        stop, seen = threading.Event(), list[Seen]()

        def watch() -> None:
            while not stop.wait(1):
                seen.append(look(live))

        watching = threading.Thread(target=watch)
        watching.start()
        try:
            reached = Load(live.settings, per_record).pace(rate, seconds)
        finally:
            stop.set()
            watching.join()
        live.drain()
        live.stop()
    return reached, seen


def caught_up(folder: Path, trades: int) -> float:
    """Give the trades a second at which a filled topic is taken in."""
    with broker_of(folder, LATENESS) as settings:
        load = Load(settings, BATCHED)
        load.fill(trades, CATCH_UP_RATE)
        with started(folder, settings) as live:
            offsets = checkpoint("fold", settings) / "offsets"
            while not any(offsets.glob("[0-9]*")):
                time.sleep(0.01)
            began = time.monotonic()
            live.drain()
            took = time.monotonic() - began
            live.stop()
    return trades / took


def keep(bench: str, ours: float, aim: float, **more: float) -> None:
    """Print a figure beside its aim, and keep it."""
    line = {"bench": bench, "ours": round(ours), "unit": "trades/s", "peer": "aim", "peer_value": aim}
    line |= {"ratio": round(ours / aim, 2), "runs": 1, **more, "commit": code_commit()}
    print(" ".join(f"{name}={value}" for name, value in line.items()), flush=True)
    ledger = ROOT / "build" / "bench.jsonl"
    ledger.parent.mkdir(exist_ok=True)
    with ledger.open("a", encoding="utf-8") as file:
        file.write(json.dumps(line) + "\n")


def main() -> None:
    """Measure both rates, then catching up."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--minutes", type=float, default=10)
    options.add_argument("--catch-up", type=int, default=5_000_000)
    given = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="tayho_throughput_") as place:
        for name, rate, per_record in (("single", 30_000, 1), ("batched", 100_000, BATCHED)):
            reached, seen = sustained(Path(place) / name, rate, per_record, int(given.minutes * 60))
            early, last = seen[len(seen) // 3], seen[-1]
            held = (last.taken - early.taken) * per_record / (last.at - early.at)
            waiting = {"behind_early": early.waiting * per_record, "behind_last": last.waiting * per_record}
            keep(f"live_sustained_{name}", held, rate, reached=round(reached), **waiting)
        keep("live_catch_up", caught_up(Path(place) / "catch_up", given.catch_up), 300_000)


if __name__ == "__main__":
    main()
