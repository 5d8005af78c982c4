"""Carry real ticks through the live path at many times their speed, and hold every night's batch against it.

python -m tests.drills.paced_real --factor 50 --sessions 4     prints a line and appends it to build/drills.jsonl

The VN30 futures of the shared data arrive paced, one trade a record, while the live application runs; after each
session the nightly batch is made, whose states seed the next. Bars, indicators and signals of live and batch must be
equal, bit for bit: the views that compare them must be empty.
"""

import argparse
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from functools import partial
from pathlib import Path

from pyspark.sql import SparkSession

from spark_apps.jobs import bars_1m, indicators_1m, signals_1m, ticks, trades
from spark_apps.jobs.feed_vn30f import publish
from spark_apps.lake.catalogue import run_sql
from spark_apps.lake.feed import FeedReport, Pace
from spark_apps.lake.job import Job, batch
from spark_apps.lake.live import run_live
from spark_apps.lake.run import run
from spark_apps.lake.services import start_broker
from spark_apps.lake.session import session
from spark_apps.settings import load
from spark_apps.sources.vn30f.feed import session_dates
from tests.drills.application import Application, application
from tests.drills.verdict import record
from tests.plugins import REAL_DATA

NIGHT = (ticks.job, trades.job, bars_1m.job, indicators_1m.job, signals_1m.job)
COMPARED = {
    "bars": ("gold.bars_1m", "live_against_batch"),
    "indicators": ("gold.indicators_1m", "live_indicators_against_batch"),
    "signals": ("gold.signals_1m", "live_signals_against_batch"),
}


def carry(
    lake: Application, spark: SparkSession, day: date, send: Callable[[], FeedReport], night: Sequence[Job]
) -> None:
    """Publish a session with the live application beside it; then take in the rest, and make the night."""
    stop = threading.Event()
    with ThreadPoolExecutor(1) as beside:
        live = beside.submit(run_live, spark, lake.settings, stop)
        try:
            send()
        finally:
            stop.set()
        live.result()
    lake.run_here(spark)
    for job in night:
        run(job, batch(day, day), spark, lake.settings)


def counted(lake: Application, spark: SparkSession, compared: Mapping[str, tuple[str, str]]) -> dict[str, list[int]]:
    """Count the rows of a night's tables, and of the views that hold live rows against them."""
    return {
        name: [run_sql(spark, lake.settings, f"SELECT * FROM {one}").count() for one in both]
        for name, both in compared.items()
    }


def main() -> None:
    """Run the drill; exit 1 when a row differs."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--factor", type=float, default=50)
    options.add_argument("--sessions", type=int, default=4)
    given, began = options.parse_args(), time.monotonic()
    with tempfile.TemporaryDirectory(prefix="tayho_paced_") as place:
        broker = start_broker(Path(place) / "broker")
        spark = session(load(), "paced_real")
        try:
            lake = application(Path(place) / "lake", broker.address, "paced")
            for day in session_dates(REAL_DATA)[: given.sessions]:
                send = partial(publish, lake.settings, REAL_DATA, day, Pace(given.factor))
                carry(lake, spark, day, send, NIGHT)
                print(f"# {day} carried, {time.monotonic() - began:.0f} s", flush=True)
            found = counted(lake, spark, COMPARED)
        finally:
            spark.stop()
            broker.stop()
    rows = {name: held for name, (held, _) in found.items()}
    wrong = sum(differing for _, differing in found.values())
    verdict = {"drill": "paced_real", "factor": given.factor, "sessions": given.sessions, **rows, "wrong": wrong}
    passed = all(rows.values()) and not wrong
    record(verdict | {"recovered_s": round(time.monotonic() - began, 1), "passed": passed})
    sys.exit(not passed)


if __name__ == "__main__":
    main()
