"""Measure how much the live path sustains, and how fast it catches up.

python bench/live_throughput.py [--minutes 10] [--catch-up 5000000]

400 instruments at the market's own pace, exactly-once state, bars, indicators and signals, the bronze and gold queries
beside the fold. Sustained: 30,000 trades a second in a record each, then 100,000 in records of 500, both topics; the
load runs in this process, and the rate that it reached is printed. Each second says how many records of fold_input the
fold's last commit is behind: a lag that does not grow is one whose last third is not above its second. Catching up: so
many trades in records of 500 wait in the topics before the application starts; the clock runs from its first batch to
the commit of the last. The peers are the aims of performance.md.
"""

import argparse
import json
import statistics
import tempfile
import threading
import time
from pathlib import Path

from bench.live.load import Load
from bench.live.running import ROOT, Running, broker_of, running, started
from spark_apps.lake.checkpoints import behind, committed
from spark_apps.lake.kafka import fold_input
from spark_apps.lake.location import checkpoint
from spark_apps.lake.provenance import code_commit

LATENESS, BATCHED, CATCH_UP_RATE = 10, 500, 100_000


def lag(live: Running) -> int:
    """Count the records of fold_input that the fold's last commit is behind."""
    topic = fold_input(live.settings.kafka)
    return behind(committed(checkpoint("fold", live.settings)), {topic: live.ends(topic)})


def sustained(folder: Path, rate: int, per_record: int, seconds: int) -> tuple[float, list[int]]:
    """Load the live path for so long; give the rate that was reached and the lag at each second, in trades."""
    with running(folder, LATENESS) as live:
        stop, seen = threading.Event(), list[int]()

        def watch() -> None:
            while not stop.wait(1):
                seen.append(lag(live) * per_record)

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
            third = len(seen) // 3
            before, last = (statistics.median(seen[-part * third :][:third]) for part in (2, 1))
            grows = last > before + rate  # by more than a second's trades
            held = reached if not grows else reached - (last - before) / third
            keep(f"live_sustained_{name}", held, rate, lag_before=before, lag_last=last, lag_most=max(seen))
        keep("live_catch_up", caught_up(Path(place) / "catch_up", given.catch_up), 300_000)


if __name__ == "__main__":
    main()
