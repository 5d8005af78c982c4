"""Carry real order-book lines through the live path at many times their speed, and hold them against batch and oracle.

python -m tests.drills.paced_book --factor 20     prints a line and appends it to build/drills.jsonl

The lines of `order_book` arrive paced, one quote or trade a record, while the live application runs. What quotes tell
of each bar (spreads, imbalance, order flow, volume bought and sold) must be in the live table what the night makes of
it, and what SQL of another engine makes of the lines themselves. As-of joins of all trades with the quotes before them
must find what a search in sorted times finds.
"""

import argparse
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

import numpy as np
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from spark_apps.features.as_of import join_as_of
from spark_apps.jobs import bars_1m, quotes, quotes_1m, ticks, trades
from spark_apps.kernels.layouts import Rows
from spark_apps.lake.catalogue import run_sql
from spark_apps.lake.feed import Pace, publish_session
from spark_apps.lake.services import start_broker
from spark_apps.lake.session import session
from spark_apps.settings import load
from spark_apps.sources.admit import entries_of
from tests.drills.application import Application, application
from tests.drills.live_words import live_figures
from tests.drills.order_book import DAY, HOURS, accepted, envelope, lines
from tests.drills.paced_real import carry, counted
from tests.drills.quote_truth import oracle_figures
from tests.drills.truth import Key, differences
from tests.drills.verdict import record
from tests.plugins import REAL_DATA

NIGHT = (ticks.job, trades.job, quotes.job, bars_1m.job, quotes_1m.job)
COMPARED = {
    "bars": ("gold.bars_1m", "live_against_batch"),
    "figures": ("gold.quotes_1m", "live_quotes_against_batch"),
}


def quotes_before(trades: Rows, quotes: Rows) -> dict[Key, int]:
    """Find the number of the quote that stood at each trade, by instrument and number of the trade."""
    found: dict[Key, int] = {}
    for instrument in np.unique(trades["instrument_id"]).tolist():
        asking = trades[trades["instrument_id"] == instrument]
        known = quotes[quotes["instrument_id"] == instrument]
        places = np.searchsorted(known["event_time"], asking["event_time"], side="right") - 1
        numbers = zip(asking["source_seq"].tolist(), places.tolist(), strict=True)
        found.update({(instrument, one): int(known["source_seq"][place]) for one, place in numbers if place >= 0})
    return found


def joined(lake: Application, spark: SparkSession) -> dict[Key, int]:
    """Find the same by the as-of join of the tables of the night."""
    traded, quoted = (run_sql(spark, lake.settings, f"SELECT * FROM silver.{name}") for name in ("trades", "quotes"))
    found = join_as_of(
        traded,
        quoted,
        by=("instrument_id", "session_date"),
        at="event_time",
        known_at="event_time",
        ties=("source_seq",),
        name="quote",
    ).select("instrument_id", "source_seq", F.col("quote.source_seq").alias("quote_seq"))
    columns = [column.to_pylist() for column in found.dropna().toArrow().columns]
    return {(instrument, trade): quote for instrument, trade, quote in zip(*columns, strict=True)}


def main() -> None:
    """Run the drill; exit 1 when a row differs."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--factor", type=float, default=20)
    given, began = options.parse_args(), time.monotonic()
    said = list(lines(REAL_DATA))
    traded, quoted = accepted(said)
    print(f"# {len(quoted)} quotes and {len(traded)} trades read, {time.monotonic() - began:.0f} s", flush=True)
    with tempfile.TemporaryDirectory(prefix="tayho_paced_") as place:
        broker = start_broker(Path(place) / "broker")
        spark = session(load(), "paced_book")
        try:
            lake = application(Path(place) / "lake", broker.address, "paced")
            sent = map(envelope, said)
            send = partial(publish_session, sent, entries_of, HOURS, lake.settings, Pace(given.factor))
            carry(lake, spark, DAY, send, NIGHT)
            found = counted(lake, spark, COMPARED)
            figures = differences(live_figures(lake), oracle_figures(traded, quoted))
            by_join, by_search = joined(lake, spark), quotes_before(traded, quoted)
        finally:
            spark.stop()
            broker.stop()
    rows = {name: held for name, (held, _) in found.items()}
    joins = differences(by_join, by_search)
    wrong = sum(differing for _, differing in found.values()) + figures.wrong + joins.wrong
    verdict = {"drill": "paced_book", "factor": given.factor, "quotes": len(quoted), "trades": len(traded), **rows}
    verdict |= {"joined": len(by_join), "lost": figures.lost + joins.lost, "wrong": wrong}
    passed = all(rows.values()) and bool(by_join) and not (figures.lost or joins.lost or wrong)
    record(verdict | {"recovered_s": round(time.monotonic() - began, 1), "passed": passed})
    sys.exit(not passed)


if __name__ == "__main__":
    main()
