"""Stop the live application on one state, start it on the next, and compare with a run that nobody disturbed.

python -m tests.drills.upgrade --seed 1     prints a line and appends it to build/drills.jsonl

Two sessions: after the first the nightly batch is made. Then the state is one that the checkpoint does not fit (the
tail's limit stands for a layout): the same generation is refused, the next one starts empty, and the feed's seeds give
it the indicators back. Last words on bars, indicators and quotes, and what was set aside, must be those of the unbroken
run.
"""

import argparse
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from pyspark.sql import SparkSession

from spark_apps.errors import StateMismatch
from spark_apps.jobs.bars_1m import job as bars_1m
from spark_apps.jobs.indicators_1m import job as indicators_1m
from spark_apps.jobs.ticks import job as ticks
from spark_apps.jobs.trades import job as trades
from spark_apps.kernels.layouts import FIGURES
from spark_apps.kernels.outputs import LIVE_TABLES
from spark_apps.lake.job import batch
from spark_apps.lake.run import run
from spark_apps.lake.seeds import read_seeds
from spark_apps.lake.services import start_broker
from spark_apps.lake.session import session
from spark_apps.settings import load
from spark_apps.tables.indicators import CHOSEN
from spark_apps.tables.live import BARS_1M_LIVE, INDICATORS_1M_LIVE, QUOTES_1M_LIVE
from tests.drills.application import Application, application
from tests.drills.fold_tally import ASIDE, QUOTES_ASIDE
from tests.drills.market import DrillMarket
from tests.drills.verdict import record

BAR = ("open", "high", "low", "close", "volume", "trade_count", "value")
TOLD = (
    (BARS_1M_LIVE, BAR),
    (INDICATORS_1M_LIVE, ("opening_hash", "closing_hash", *CHOSEN)),
    (QUOTES_1M_LIVE, FIGURES.names or ()),
)
Words = dict[tuple[str, int, int], tuple[Any, ...]]


def on_another_state(lake: Application, generation: int) -> Application:
    """Give the same lake with a state that another one does not fit."""
    live = lake.settings.live.model_copy(update={"tail_limit": 50_000, "generation": generation})
    return replace(lake, settings=lake.settings.with_values(live=live))


def two_sessions(lake: Application, spark: SparkSession, seed: int, *, upgrades: bool) -> bool:
    """Carry two sessions with the night between; say whether the old generation was refused where it upgrades."""
    first, second = (DrillMarket(seed, messages=800, minutes=3, day=day, quotes=300) for day in (0, 1))
    lake.feed(first)
    lake.run_here(spark)
    day = first.hours.session_date
    for job in (ticks, trades, bars_1m, indicators_1m):
        run(job, batch(day, day), spark, lake.settings)
    seeds, was_refused = read_seeds(day, lake.settings), False
    if upgrades:
        try:
            on_another_state(lake, 1).run_here(spark)
        except StateMismatch:
            was_refused = True
        lake = on_another_state(lake, 2)
    lake.feed(second, seeds)
    lake.run_here(spark)
    return was_refused and len(seeds) == second.instruments


def last_words(lake: Application) -> Words:
    """Give the last revision of every bar, of its indicators and of what quotes say of it."""
    found: Words = {}
    for table, names in TOLD:
        for row in lake.read(table).sort_by([("generation", "ascending"), ("revision", "ascending")]).to_pylist():
            found[table.name, row["instrument_id"], row["bar_start"]] = tuple(row[name] for name in names)
    return found


def main() -> None:
    """Run the drill; exit 1 when a row differs."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--seed", type=int, default=1)
    given, began = options.parse_args(), time.monotonic()
    with tempfile.TemporaryDirectory(prefix="tayho_upgrade_") as place:
        folder = Path(place)
        broker = start_broker(folder / "broker")
        spark = session(load(), "upgrade")
        try:
            lakes = [application(folder / name, broker.address, name, partitions=2) for name in ("calm", "upgraded")]
            two_sessions(lakes[0], spark, given.seed, upgrades=False)
            hit = two_sessions(lakes[1], spark, given.seed, upgrades=True)
            calm, now = map(last_words, lakes)
            kinds = (*ASIDE, *QUOTES_ASIDE)
            aside = [[lake.read(LIVE_TABLES[kind]).num_rows for kind in kinds] for lake in lakes]
        finally:
            spark.stop()
            broker.stop()
    wrong = sum(calm.get(key) != word for key, word in now.items()) + sum(a != b for a, b in zip(*aside, strict=True))
    verdict = {"drill": "upgrade", "seed": given.seed, "rows": len(now), "lost": len(calm.keys() - now.keys())}
    passed = hit and bool(now) and not (wrong or verdict["lost"])
    record(verdict | {"wrong": wrong, "recovered_s": round(time.monotonic() - began, 1), "passed": passed})
    sys.exit(not passed)


if __name__ == "__main__":
    main()
