"""Kill the live application, the feed and the broker at named places, and compare with a run that nobody disturbed.

python -m tests.drills.kill --seed 1     prints a line per drill and appends it to build/drills.jsonl

Each kill is followed by a check that it truly hit: the process died by SIGKILL, and the query it was meant for has an
offset entry without a commit entry. What is right is counted from the seed, not read from the system.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from spark_apps.lake.location import checkpoint
from spark_apps.lake.services import Service, start_broker
from spark_apps.tables.live import BARS_1M_LIVE, DUPLICATES_LIVE, LATE_LIVE, REFUSED_LIVE
from spark_apps.tables.sources import MESSAGES
from tests.drills.application import ROOT, Application, application
from tests.drills.market import DrillMarket, expected

QUERIES = ("bronze", "fold", "gold")
POINTS = ("after_offsets", "inside_write", "after_commit")
TRIES = 5
RESULTS = ROOT / "build" / "drills.jsonl"


@dataclass(frozen=True)
class Verdict:
    """Count what a drill broke, against the seed and against the run that nobody disturbed."""

    drill: str
    seed: int
    lost: int
    doubled: int
    wrong: int
    recovered_s: float
    passed: bool

    def report(self) -> None:
        """Print the line, and keep it."""
        line = json.dumps(vars(self))
        print(line, flush=True)
        RESULTS.parent.mkdir(exist_ok=True)
        with RESULTS.open("a", encoding="utf-8") as results:
            results.write(line + "\n")


def judge(drill: str, lake: Application, calm: Application, market: DrillMarket, seconds: float, hit: bool) -> Verdict:
    """Compare a lake that was disturbed with the seed and with the calm lake."""
    wanted = Counter((one.source_seq, one.payload) for one in market.envelopes())
    bronze = lake.read(MESSAGES)
    held = Counter(zip(bronze["source_seq"].to_pylist(), bronze["payload"].to_pylist(), strict=True))
    lost, extra = (wanted - held).total(), (held - wanted).total()
    truth = expected(market)
    rows, calm_rows = lake.live_rows(), calm.live_rows()
    duplicates = len(rows[DUPLICATES_LIVE.full_name]) - truth.duplicate
    doubled = sum(len(each) - len({_key(row) for row in each}) for each in rows.values())
    bars, calm_bars = _last(rows[BARS_1M_LIVE.full_name]), _last(calm_rows[BARS_1M_LIVE.full_name])
    wrong = sum(bars.get(key) != row for key, row in calm_bars.items()) + len(bars.keys() - calm_bars.keys())
    true_bars = {key: bar[-2:] for key, bar in truth.bars.items()}
    wrong += sum(row[-2:] != true_bars.get(key, (0, 0)) for key, row in bars.items())
    for table, count in ((LATE_LIVE, truth.late), (REFUSED_LIVE, truth.refused)):
        # A feed that was killed sends again: refused and late ones are refused and late, or duplicate, once more.
        wrong += 0 if count <= len(rows[table.full_name]) <= count + extra else 1
    wrong += 0 if 0 <= duplicates <= extra else 1
    passed = hit and not (lost or doubled or wrong) and (extra == 0 or "feed" in drill)
    return Verdict(drill, market.seed, lost, doubled, wrong, round(seconds, 1), passed)


def _key(row: dict[str, Any]) -> tuple[int, ...]:
    return tuple(row[name] for name in ("generation", "input_partition", "input_offset", "ordinal"))


def _last(rows: list[dict[str, Any]]) -> dict[tuple[int, int], tuple[Any, ...]]:
    """Give the last revision of every bar, without what says when and why it was emitted."""
    names = ("open", "high", "low", "close", "value", "volume", "trade_count")
    ordered = sorted(rows, key=lambda row: row["revision"])
    return {(row["instrument_id"], row["bar_start"]): tuple(row[name] for name in names) for row in ordered}


def finish(lake: Application) -> float:
    """Start the application again and wait until it is idle; give the seconds that took."""
    began = time.monotonic()
    if lake.start().wait(600):
        raise SystemExit(f"the application did not recover:\n{lake.log[-4000:]}")
    return time.monotonic() - began


def kill_at(place: str, nth: int, lake: Application) -> tuple[bool, int]:
    """Kill at a place; try the next batch where the kill came too late. Give whether it hit, and the batch."""
    for attempt in range(TRIES):
        if lake.start(f"{place}:{nth + attempt}").wait(600) != -signal.SIGKILL:
            return False, -1
        batch = lake.open_batch(place.partition(":")[0])
        if batch >= 0:
            return True, batch
    return False, -1


def drill_queries(folder: Path, broker: Service, calm: Application, market: DrillMarket, times: int) -> list[Verdict]:
    """Kill each query at each point, and let it recover."""
    verdicts = []
    for query in QUERIES:
        for point in POINTS:
            for turn in range(1, times + 1):
                name = f"{query}_{point}_{turn}"
                lake = application(folder / name, broker.address, name, records=150)
                lake.feed(market)
                hit, batch = kill_at(f"{query}:{point}", turn, lake)
                seconds = finish(lake)
                must_repeat = point == "after_commit" or (query, point) == ("fold", "inside_write")
                repeats = [line for line in lake.log.splitlines() if '"event": "replayed"' in line]
                print(
                    f"# {name}: hit={hit} batch={batch} repeats={len(repeats)} {repeats[0] if repeats else ''}",
                    flush=True,
                )
                hit = hit and (bool(repeats) or not must_repeat)
                verdicts.append(judge(f"kill_{name}", lake, calm, market, seconds, hit))
                verdicts[-1].report()
    return verdicts


def drill_feed(folder: Path, broker: Service, calm: Application, market: DrillMarket) -> Verdict:
    """Kill the feed in the middle of a session and start it again."""
    lake = application(folder / "feed", broker.address, "feed_killed")
    size = ["--messages", str(market.messages), "--minutes", str(market.minutes), "--factor", "60"]
    command = [sys.executable, "-m", "tests.drills.feed", "--seed", str(market.seed), *size]
    with (folder / "feed.log").open("wb") as log:
        feed = subprocess.Popen(command, cwd=ROOT, env=os.environ | lake.environment, stdout=log, stderr=log)
    time.sleep(4)
    feed.send_signal(signal.SIGKILL)
    hit = feed.wait() == -signal.SIGKILL
    began = time.monotonic()
    hit = hit and lake.feed(market).resumed_at is not None
    seconds = time.monotonic() - began
    finish(lake)
    return judge("kill_feed", lake, calm, market, seconds, hit)


def drill_broker(folder: Path, broker: Service, calm: Application, market: DrillMarket) -> Verdict:
    """Kill the broker while the feed publishes and the application reads; start both ends again."""
    lake = application(folder / "broker_killed", broker.address, "broker_killed", records=150)
    size = ["--messages", str(market.messages), "--minutes", str(market.minutes), "--factor", "3"]
    command = [sys.executable, "-m", "tests.drills.feed", "--seed", str(market.seed), *size]
    with (folder / "feed2.log").open("wb") as log:
        feed = subprocess.Popen(command, cwd=ROOT, env=os.environ | lake.environment, stdout=log, stderr=log)
    time.sleep(4)
    live = lake.start()
    while not (checkpoint("fold", lake.settings) / "commits").is_dir() and live.poll() is None:
        time.sleep(0.2)
    hit = feed.poll() is None and live.poll() is None
    broker.stop(signal.SIGKILL)
    began = time.monotonic()
    port = int(broker.address.split(":")[1])
    again = start_broker(broker.log.parent, port)
    try:
        live.wait(600)
        hit = feed.wait(600) in (0, 1) and hit
        lake.feed(market)
        finish(lake)
        return judge("kill_broker_under_feed", lake, calm, market, time.monotonic() - began, hit)
    finally:
        again.stop()


def main() -> None:
    """Run every drill; exit 1 when one does not pass."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--times", type=int, default=2, help="kills per query and point")
    given = options.parse_args()
    market = DrillMarket(given.seed)
    truth = expected(market)
    print(
        f"# seed={given.seed} messages={len(market.envelopes())} accepted={truth.accepted} refused={truth.refused}"
        f" late={truth.late} duplicate={truth.duplicate} bars={len(truth.bars)}",
        flush=True,
    )
    with tempfile.TemporaryDirectory(prefix="tayho_kill_") as place:
        folder = Path(place)
        broker = start_broker(folder / "broker")
        try:
            calm = application(folder / "calm", broker.address, "calm")
            calm.feed(market)
            finish(calm)
            verdicts = drill_queries(folder, broker, calm, market, given.times)
            verdicts.append(drill_feed(folder, broker, calm, market))
            verdicts[-1].report()
            verdicts.append(drill_broker(folder, broker, calm, market))
            verdicts[-1].report()
        finally:
            broker.stop()
    passed = sum(verdict.passed for verdict in verdicts)
    print(f"# {passed} of {len(verdicts)} drills passed", flush=True)
    sys.exit(passed != len(verdicts))


if __name__ == "__main__":
    main()
