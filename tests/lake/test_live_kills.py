"""SIGKILL of the live application's process group at named places, of the feed and of the broker.

The full drill, which kills each query at each point by itself, is tests/drills/kill.py. Here one kill hits three
queries at once, each waits at its place for the others; the second fold is killed by itself.
"""

import shutil
import signal
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession

from spark_apps.errors import ServiceFailed
from spark_apps.lake.location import checkpoint
from spark_apps.lake.services import Service, start_broker
from spark_apps.tables.live import BARS_1M_LIVE, INDICATORS_1M_LIVE
from spark_apps.tables.sources import FOLD_INPUT, MESSAGES
from tests.drills.application import Application, application
from tests.drills.kill import TRIES, await_that, kill_at, repeats, start_feed
from tests.drills.verdict import Found, found_in, judge
from tests.lake.conftest import MARKET

# The fold gives what gold reads, so it goes on for some batches where gold waits in its first: while it waits, it holds
# the cores. So the second fold, which needs one too, has kills of its own.
PLACES = (
    "bronze:after_offsets:2,fold:after_offsets:4,gold:after_offsets:1",
    "standing:inside_write:1",
    "bronze:inside_write:4,fold:inside_write:2,gold:inside_write:2",
    "standing:after_commit:2",
    "bronze:after_commit:1,fold:after_commit:0,gold:after_commit:1",
)


# A start costs minutes where many share two cores.
pytestmark = pytest.mark.timeout(1_800)


@pytest.fixture(scope="module")
def calm(unbroken: Application, spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Found:
    """Read what became of the session undisturbed, silver made in a copy of that lake."""
    folder = tmp_path_factory.mktemp("calm") / "lake"
    shutil.copytree(unbroken.settings.lake_root, folder)
    return found_in(Application(unbroken.settings.with_values(lake_root=folder)), spark, MARKET)


def test_the_judge_passes_a_calm_run_and_counts_what_is_lost_doubled_or_wrong(calm: Found) -> None:
    def judged(now: Found, before: Found = calm) -> tuple[int, int, int, bool]:
        verdict = judge("drill", now, before, MARKET, 0, hit=True)
        return verdict.lost, verdict.doubled, verdict.wrong, verdict.passed

    def with_ticks(*ticks: dict[str, Any]) -> Found:
        return replace(calm, silver=replace(calm.silver, ticks=list(ticks)))

    first, *others = calm.silver.ticks
    bars = calm.live[BARS_1M_LIVE.full_name]
    lost_bar = [row for row in bars if row["bar_start"] != bars[0]["bar_start"]]
    *told, newest = calm.live[INDICATORS_1M_LIVE.full_name]
    untold = calm.live | {INDICATORS_1M_LIVE.full_name: [*told, newest | {"closing_hash": 1}]}
    lost_in_both = replace(calm, live=calm.live | {BARS_1M_LIVE.full_name: lost_bar})
    untrue = with_ticks(first | {"quantity": first["quantity"] + 100}, *others)
    message = next(one for one in calm.bronze if b"bids" not in one[1])
    assert judged(calm) == (0, 0, 0, True)
    assert judged(replace(calm, live=untold)) == (0, 0, 1, False)
    assert judged(lost_in_both, lost_in_both) == (8, 0, 0, False)
    assert judged(with_ticks(*others))[0] == 1
    assert judged(with_ticks(first, first, *others))[1] == 1
    assert judged(untrue, untrue) == (0, 0, 1, False)
    assert judged(replace(calm, bronze=calm.bronze - Counter([message])))[0] == 1
    assert judged(replace(calm, bronze=calm.bronze + Counter([message]))) == (0, 0, 1, False)


def test_each_query_killed_at_each_point_loses_nothing_and_doubles_nothing(
    broker: Service, spark: SparkSession, unbroken: Application, calm: Found, tmp_path: Path
) -> None:
    lake = application(tmp_path, broker.address, "killed", partitions=2, records=100)
    lake.feed(MARKET)
    for places in PLACES:
        assert kill_at(lake, *[places] * TRIES), lake.log[-3000:]
    assert repeats(lake, "bronze") and repeats(lake, "gold")
    lake.with_batches_of(100_000).run_here(spark)
    found = found_in(lake, spark, MARKET)
    assert found.live == calm.live
    assert found.silver == calm.silver
    for table in (MESSAGES, FOLD_INPUT):
        assert lake.read(table).num_rows == unbroken.read(table).num_rows
    assert judge("three_kills", found, calm, MARKET, 0, hit=True).passed


def test_a_killed_feed_and_a_killed_broker_lose_nothing(spark: SparkSession, calm: Found, tmp_path: Path) -> None:
    broker = start_broker(tmp_path / "broker")
    lake = application(tmp_path / "lake", broker.address, "feed_and_broker")
    feed = start_feed(lake, MARKET, factor=60)
    await_that(lambda: lake.published() > 500, feed)
    feed.send_signal(signal.SIGKILL)
    assert feed.wait() == -signal.SIGKILL
    feed = start_feed(lake, MARKET, factor=20)
    with ThreadPoolExecutor(1) as other:
        live = other.submit(lake.run_here, spark)
        await_that((checkpoint("fold", lake.settings) / "commits").is_dir, feed)
        assert (feed.poll(), live.done()) == (None, False)
        broker.stop(signal.SIGKILL)
        broker = start_broker(tmp_path / "broker", int(broker.address.split(":")[1]))
        with suppress(ServiceFailed):
            live.result(300)
    assert feed.wait(300) in (0, 1)
    lake.feed(MARKET)
    lake.run_here(spark)
    broker.stop()
    verdict = judge("feed_and_broker", found_in(lake, spark, MARKET), calm, MARKET, 0, hit=True)
    assert verdict.passed, verdict


def test_a_failed_application_exits_with_an_error(broker: Service, tmp_path: Path) -> None:
    lake = application(tmp_path, broker.address, "exits")
    (tmp_path / "checkpoints" / "fold" / "1").mkdir(parents=True)
    assert lake.start().wait(120) == 1
    assert "no fingerprint beside it" in lake.log
