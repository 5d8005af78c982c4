"""Kill the live application, the feed and the broker at named places, and compare with a run that nobody disturbed.

python -m tests.drills.kill --seed 1     prints a line per drill and appends it to build/drills.jsonl

Each kill is followed by a check that it truly hit: the process died by SIGKILL, and the query it was meant for has an
offset entry without a commit entry. What is right is counted from the seed, not read from the system: bronze, the
silver that the batch job makes of it, and the live tables.
"""

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from pyspark.sql import SparkSession

from spark_apps.lake.kafka import create_topics
from spark_apps.lake.location import checkpoint
from spark_apps.lake.services import Service, start_broker
from spark_apps.lake.session import session
from spark_apps.settings import load
from tests.drills.application import ROOT, Application, application
from tests.drills.market import DrillMarket, expected
from tests.drills.verdict import Found, Verdict, found_in, judge

QUERIES = ("bronze", "fold", "standing", "gold")
# Their rows come again to the gold query.
FOLDS = ("fold", "standing")
POINTS = ("after_offsets", "inside_write", "after_commit")
TRIES = 5


@dataclass(frozen=True)
class Drill:
    """Hold what every drill needs."""

    folder: Path
    broker: Service
    spark: SparkSession
    market: DrillMarket
    calm: Found

    def judge(self, name: str, lake: Application, seconds: float, hit: bool) -> Verdict:
        """Compare a lake that was disturbed with the seed and with the calm run."""
        return judge(name, found_in(lake, self.spark, self.market), self.calm, self.market, seconds, hit)


def finish(lake: Application) -> float:
    """Start the application again and wait until it is idle; give the seconds that took."""
    began = time.monotonic()
    if lake.start().wait(600):
        raise SystemExit(f"the application did not recover:\n{lake.log[-4000:]}")
    return time.monotonic() - began


def kill_at(lake: Application, *failpoints: str) -> bool:
    """Kill at one failpoint after the other until a kill hits; say whether one did, each query that it names."""
    for failpoint in failpoints:
        process = lake.start(failpoint)
        try:
            was_killed = process.wait(600) == -signal.SIGKILL
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
        if was_killed and all(lake.open_batch(place.partition(":")[0]) >= 0 for place in failpoint.split(",")):
            return True
    return False


def repeats(lake: Application, query: str) -> list[str]:
    """Give the lines of the log that say that a query met rows which a killed batch had written."""
    marks = ('"event": "replayed"', f'"query": "{query}"')
    return [line for line in lake.log.splitlines() if all(mark in line for mark in marks)]


def start_feed(lake: Application, market: DrillMarket, factor: float) -> subprocess.Popen[bytes]:
    """Publish a session from a process of its own, `factor` seconds of market time in one of ours."""
    create_topics(lake.settings.kafka)
    size = [
        "--messages",
        str(market.messages),
        "--minutes",
        str(market.minutes),
        "--quotes",
        str(market.quotes),
        "--factor",
        str(factor),
    ]
    command = [sys.executable, "-m", "tests.drills.feed", "--seed", str(market.seed), *size]
    with (lake.settings.lake_root / "feed.log").open("ab") as log:
        return subprocess.Popen(command, cwd=ROOT, env=os.environ | lake.environment, stdout=log, stderr=log)


def kill_feed(lake: Application, market: DrillMarket) -> bool:
    """Kill the feed in the middle of a session and publish the rest; say whether it was in the middle."""
    feed = start_feed(lake, market, factor=60)
    await_that(lambda: lake.published() > market.messages // 4, feed)
    feed.send_signal(signal.SIGKILL)
    hit = feed.wait() == -signal.SIGKILL
    return lake.feed(market).resumed_at is not None and hit


def await_that(holds: Callable[[], bool], *while_alive: subprocess.Popen[bytes]) -> None:
    """Wait until something holds, or one of the processes that should bring it about has ended."""
    while not holds() and all(process.poll() is None for process in while_alive):
        time.sleep(0.1)


def drill_queries(drill: Drill, times: int) -> list[Verdict]:
    """Kill each query at each point, and let it recover."""
    verdicts = []
    for query in QUERIES:
        for point in POINTS:
            for turn in range(1, times + 1):
                name = f"{query}_{point}_{turn}"
                lake = application(drill.folder / name, drill.broker.address, name, partitions=2, records=150)
                lake.feed(drill.market)
                hit = kill_at(lake, *(f"{query}:{point}:{turn + more}" for more in range(TRIES)))
                seconds = finish(lake)
                must_repeat = point == "after_commit" or (query in FOLDS and point == "inside_write")
                again = repeats(lake, "gold" if query in FOLDS else query)
                print(f"# {name}: hit={hit} repeats={len(again)} {again[0] if again else ''}", flush=True)
                verdicts.append(drill.judge(f"kill_{name}", lake, seconds, hit and (bool(again) or not must_repeat)))
                verdicts[-1].report()
    return verdicts


def drill_feed(drill: Drill) -> Verdict:
    """Kill the feed in the middle of a session and start it again."""
    lake = application(drill.folder / "feed", drill.broker.address, "feed_killed")
    began = time.monotonic()
    hit = kill_feed(lake, drill.market)
    seconds = time.monotonic() - began
    finish(lake)
    return drill.judge("kill_feed", lake, seconds, hit)


def drill_broker(drill: Drill) -> Verdict:
    """Kill the broker while the feed publishes and the application reads; start both ends again."""
    lake = application(drill.folder / "broker_killed", drill.broker.address, "broker_killed", records=150)
    feed = start_feed(lake, drill.market, factor=3)
    await_that(lambda: lake.published() > 0, feed)
    live = lake.start()
    await_that((checkpoint("fold", lake.settings) / "commits").is_dir, live, feed)
    hit = feed.poll() is None and live.poll() is None
    drill.broker.stop(signal.SIGKILL)
    began = time.monotonic()
    again = start_broker(drill.broker.log.parent, int(drill.broker.address.split(":")[1]))
    try:
        live.wait(600)
        hit = feed.wait(600) in (0, 1) and hit
        lake.feed(drill.market)
        finish(lake)
        return drill.judge("kill_broker_under_feed", lake, time.monotonic() - began, hit)
    finally:
        again.stop()


def main() -> None:
    """Run every drill; exit 1 when one does not pass."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--times", type=int, default=2, help="kills per query and point")
    given = options.parse_args()
    market = DrillMarket(given.seed, quotes=600)
    truth = expected(market)
    print(
        f"# seed={given.seed} messages={len(market.envelopes())} accepted={truth.accepted} refused={truth.refused}"
        f" late={truth.late} duplicate={truth.duplicate} bars={len(truth.bars)} ticks={len(truth.ticks)}",
        flush=True,
    )
    with tempfile.TemporaryDirectory(prefix="tayho_kill_") as place:
        folder = Path(place)
        broker = start_broker(folder / "broker")
        spark = session(load(), "drill")
        try:
            calm = application(folder / "calm", broker.address, "calm", partitions=2)
            calm.feed(market)
            finish(calm)
            drill = Drill(folder, broker, spark, market, found_in(calm, spark, market))
            verdicts = [drill.judge("calm", calm, 0, hit=True)]
            verdicts[-1].report()
            verdicts += drill_queries(drill, given.times)
            for run in (drill_feed, drill_broker):
                verdicts.append(run(drill))
                verdicts[-1].report()
        finally:
            spark.stop()
            broker.stop()
    passed = sum(verdict.passed for verdict in verdicts)
    print(f"# {passed} of {len(verdicts)} drills passed", flush=True)
    sys.exit(passed != len(verdicts))


if __name__ == "__main__":
    main()
