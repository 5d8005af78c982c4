"""Carry random sessions through the real streaming operator with changed cuts and partitions; compare three ways.

python -m tests.drills.stream_parity --cases 50 --seed 1

Partitions and cuts change from case to case, adaptive execution is on in every other one, and every third is stopped
once or twice on its way and goes on.
Replay: bronze folded again gives the very rows. Truth: the last revisions are what plain counting makes of the seed,
and their indicators, signals and figures of quotes those of the batch. Oracle: they are the bars and figures that SQL
of another engine makes of the accepted trades and quotes.
"""

import argparse
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from random import Random

import numpy as np
from pyspark.sql import SparkSession

from spark_apps.kernels import choose
from spark_apps.kernels.layouts import Kind, Rows
from spark_apps.kernels.outputs import LIVE_TABLES
from spark_apps.kernels.records import decode
from spark_apps.kernels.strategies import book_bytes
from spark_apps.lake.live import run_live
from spark_apps.lake.live_fold import fold_parameters
from spark_apps.lake.services import start_broker
from spark_apps.lake.session import session
from spark_apps.market.replay import replay
from spark_apps.settings import load
from spark_apps.tables.features import MARKET_MINUTES, MOVE_MINUTES
from spark_apps.tables.sources import FOLD_INPUT
from tests.drills.application import Application, application, rows_of
from tests.drills.cross_cases import batch_cross_signals, batch_standings
from tests.drills.fold_tally import QUOTES_ASIDE
from tests.drills.indicator_truth import batch_indicators
from tests.drills.live_words import (
    EPOCH,
    live_bars,
    live_cross_signals,
    live_figures,
    live_indicators,
    live_signals,
    live_standings,
)
from tests.drills.market import DrillMarket, expected
from tests.drills.quote_truth import SAME_QUOTE, accepted_quotes, batch_figures, oracle_figures
from tests.drills.signal_truth import batch_signals
from tests.drills.truth import SAME, VALUES, Bars, Difference, accepted, differences, oracle_bars, repeated_keys
from tests.drills.verdict import record

LOOK_BACK = (MOVE_MINUTES, MARKET_MINUTES)
PARTITIONS = (1, 2, 4, 3, 8, 1, 2, 16, 4, 64)
MINUTES = (1, 2, 3, 40)  # strategies have nothing to say before twenty bars
# What must occur among the cases.
NAMED = ("rows", "bars", "indicators", "signals", "cross_signals", "figures")
SPREAD = 1 << 40  # offsets of one partition lie this far from those of the next


def replayed(lake: Application, spark: SparkSession) -> Difference:
    """Compare the live tables with the replay of bronze, row by row."""
    records = spark.createDataFrame(lake.read(FOLD_INPUT).to_pandas()).cache()
    lost = wrong = 0
    for table in LIVE_TABLES.values():
        streamed = {tuple(row[name] for name in table.key): row for row in rows_of(lake.read(table), table)}
        again = rows_of(replay(records, table, fold_parameters(lake.settings)).toArrow(), table)
        wanted = {tuple(row[name] for name in table.key): row for row in again}
        lost += len(wanted.keys() - streamed.keys())
        wrong += sum(wanted.get(key) != row for key, row in streamed.items())
    records.unpersist()
    return Difference(lost, wrong)


def bars_to_rank(bars: Bars) -> dict[tuple[int, ...], tuple[int, int]]:
    """Give close and value of bars by session, start and instrument."""
    close, value = VALUES.index("close"), VALUES.index("value")
    return {(key[1], key[3], key[2]): (numbers[close], numbers[value]) for key, numbers in bars.items()}


def counted_bars(market: DrillMarket) -> Bars:
    """Give the bars that plain counting makes of the seed; it does not count their value."""
    return {(0, market.hours.day, *key): bar for key, bar in expected(market).bars.items()}


def without_value(bars: Bars) -> Bars:
    """Leave out what plain counting does not count."""
    return {key: (*values[:5], values[6]) for key, values in bars.items()}


def accepted_entries(lake: Application) -> Rows:
    """Give the entries of bronze.fold_input that stand in no table of late, refused and duplicate rows."""
    aside: Counter[tuple[int, ...]] = Counter()
    for kind in (Kind.LATE, Kind.REFUSED, Kind.DUPLICATE):
        for row in lake.read(LIVE_TABLES[kind]).to_pylist():
            row |= {"session_date": (row["session_date"] - EPOCH).days, "price": int(row["price"] * 10_000)}
            aside[row["input_partition"] * SPREAD + row["input_offset"], *(row[name] for name in SAME)] += 1
    return accepted(0, fold_parameters(lake.settings).width, sent_records(lake), aside)


def accepted_books(lake: Application) -> Rows:
    """Give the quotes of bronze.fold_input that stand in no table of late, refused and repeated ones."""
    aside = []
    for kind in QUOTES_ASIDE:
        for row in lake.read(LIVE_TABLES[kind]).to_pylist():
            row |= {"session_date": (row["session_date"] - EPOCH).days}
            row |= {name: int((row[name] or 0) * 10_000) for name in ("bid", "ask")}
            aside.append((row["input_partition"] * SPREAD + row["input_offset"], *(row[name] for name in SAME_QUOTE)))
    return accepted_quotes(0, fold_parameters(lake.settings).width, sent_records(lake), aside)


def sent_records(lake: Application) -> list[tuple[int, Kind, Rows]]:
    """Give the records of bronze.fold_input, each with its place."""
    return [
        (row["topic_partition"] * SPREAD + row["topic_offset"], *decode(row["record"]))
        for row in lake.read(FOLD_INPUT).to_pylist()
    ]


def repeated_causes(lake: Application) -> int:
    """Count rows of the live tables whose cause another row has."""
    tables = LIVE_TABLES.values()
    return sum(len(rows) - len({tuple(row[name] for name in table.key) for row in rows})
               for table in tables for rows in [lake.read(table).to_pylist()])  # fmt: skip


def carry(lake: Application, spark: SparkSession, stops: Sequence[float]) -> None:
    """Run the application until it is idle, stopped before after so many seconds each time."""
    for seconds in stops:
        stop = threading.Event()
        timer = threading.Timer(seconds, stop.set)
        timer.start()
        run_live(spark, lake.settings, stop, until_idle=True)
        timer.cancel()
    lake.run_here(spark)


def main() -> None:
    """Run the cases; exit 1 when a row differs."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--cases", type=int, default=50)
    options.add_argument("--seed", type=int, default=1)
    given = options.parse_args()
    random, began, total = Random(given.seed), time.monotonic(), Counter[str]()
    with tempfile.TemporaryDirectory(prefix="tayho_parity_") as place:
        broker = start_broker(Path(place) / "broker")
        spark = session(load(), "stream_parity")
        try:
            for case in range(given.cases):
                size, minutes = random.randrange(100, 900), random.choice(MINUTES)
                market = DrillMarket(given.seed + case, messages=size, minutes=minutes, quotes=size)
                partitions = PARTITIONS[case % len(PARTITIONS)]
                cut = random.randrange(60, 600) * max(1, partitions // 2)  # a clock is a record in each
                lake = application(Path(place) / str(case), broker.address, f"case_{case}", partitions, cut)
                lake.feed(market)
                spark.conf.set("spark.sql.adaptive.enabled", case % 2 == 1)
                stops = [random.uniform(1, 6) for _ in range(random.randrange(1, 3) if case % 3 == 0 else 0)]
                carry(lake, spark, stops)
                found = judged(lake, spark, market)
                total.update(found)
                shown = " ".join(f"{name}={count}" for name, count in found.items())
                print(
                    f"case={case} seed={market.seed} messages={size} partitions={partitions} cut={cut}"
                    f" adaptive={case % 2} stops={len(stops)} {shown}",
                    flush=True,
                )
        finally:
            spark.stop()
            broker.stop()
    failed = total["lost"] + total["doubled"] + total["wrong"]
    verdict = {"drill": "stream_parity", "seed": given.seed, "cases": given.cases}
    verdict |= {name: total[name] for name in (*NAMED, "lost", "doubled", "wrong")}
    passed = not failed and all(total[name] for name in (*NAMED, "corrected"))
    record(verdict | {"recovered_s": round(time.monotonic() - began, 1), "passed": passed})
    sys.exit(not passed)


def judged(lake: Application, spark: SparkSession, market: DrillMarket) -> dict[str, int]:
    """Hold a lake against replay, truth and oracle, and count."""
    bars, indicators, taken = live_bars(lake), live_indicators(lake), accepted_entries(lake)
    oracle, kernels, signals = oracle_bars(taken), choose("preferred"), live_signals(lake)
    quotes, figures = accepted_books(lake), live_figures(lake)
    reckoned = batch_indicators(oracle, {}, kernels)
    books = {(0, market.hours.day): [book_bytes(each.book) for each in lake.settings.strategies]}
    ranked = batch_standings(bars_to_rank(oracle), kernels, LOOK_BACK)
    crossing = live_cross_signals(lake)
    over_standings = {market.hours.day: {book_bytes(each.book) for each in lake.settings.cross_strategies}}
    widths = {0: fold_parameters(lake.settings).width}
    batch = batch_figures(taken, quotes, kernels)
    against = [
        replayed(lake, spark),
        differences(without_value(bars), counted_bars(market)),
        differences(bars, oracle),
        differences(indicators, reckoned),
        differences(live_standings(lake), ranked),
        differences(figures, batch),
        differences(figures, oracle_figures(taken, quotes)),
        differences(signals, batch_signals(oracle, reckoned, batch, books, widths, kernels)),
        differences(crossing, batch_cross_signals(ranked, over_standings, widths[0], kernels)),
    ]
    return {
        "rows": sum(lake.read(table).num_rows for table in LIVE_TABLES.values()),
        "bars": len(bars),
        "indicators": len(indicators),
        "signals": len(signals),
        "cross_signals": len(crossing),
        "figures": len(figures),
        "corrected": int(np.count_nonzero(taken["is_correction"])),
        "lost": sum(each.lost for each in against),
        "doubled": repeated_causes(lake) + repeated_keys(taken) + repeated_keys(quotes),
        "wrong": sum(each.wrong for each in against),
    }


if __name__ == "__main__":
    main()
