"""Carry random sessions through the real streaming operator with changed cuts and partitions; compare with replay.

python -m tests.drills.stream_parity --cases 20 --seed 1
"""

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path
from random import Random

from pyspark.sql import SparkSession

from spark_apps.kernels.outputs import LIVE_TABLES
from spark_apps.lake.live import fold_parameters
from spark_apps.lake.services import start_broker
from spark_apps.lake.session import session
from spark_apps.market.replay import replay
from spark_apps.settings import load
from spark_apps.tables.live import BARS_1M_LIVE
from spark_apps.tables.sources import FOLD_INPUT
from tests.drills.application import ROOT, Application, application, rows_of
from tests.drills.market import DrillMarket, expected

PARTITIONS = (1, 2, 4, 3)
RESULTS = ROOT / "build" / "drills.jsonl"


def differences(lake: Application, spark: SparkSession) -> tuple[int, int]:
    """Compare the live tables with the replay of bronze; give rows compared and rows that differ."""
    records = spark.createDataFrame(lake.read(FOLD_INPUT).to_pandas()).cache()
    compared = differ = 0
    for table in LIVE_TABLES.values():
        streamed = rows_of(lake.read(table), table)
        replayed = rows_of(replay(records, table, fold_parameters(lake.settings)).toArrow(), table)
        compared += len(streamed)
        differ += abs(len(streamed) - len(replayed)) + sum(a != b for a, b in zip(streamed, replayed, strict=False))
    records.unpersist()
    return compared, differ


def untrue(lake: Application, market: DrillMarket) -> int:
    """Count bars whose last revision is not what plain counting makes of the seed."""
    rows = lake.read(BARS_1M_LIVE).sort_by("revision").to_pylist()
    last = {(row["instrument_id"], row["bar_start"]): (row["volume"], row["trade_count"]) for row in rows}
    truth = {key: bar[-2:] for key, bar in expected(market).bars.items()}
    return sum(truth.get(key, (0, 0)) != value for key, value in last.items()) + len(truth.keys() - last.keys())


def main() -> None:
    """Run the cases; exit 1 when a row differs."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--cases", type=int, default=20)
    options.add_argument("--seed", type=int, default=1)
    given = options.parse_args()
    random, began, compared, wrong = Random(given.seed), time.monotonic(), 0, 0
    with tempfile.TemporaryDirectory(prefix="tayho_parity_") as place:
        broker = start_broker(Path(place) / "broker")
        spark = session(load(), "stream_parity")
        try:
            for case in range(given.cases):
                market = DrillMarket(
                    given.seed + case, messages=random.randrange(100, 900), minutes=random.randrange(1, 4)
                )
                partitions, cut = PARTITIONS[case % len(PARTITIONS)], random.randrange(60, 600)
                lake = application(Path(place) / str(case), broker.address, f"case_{case}", partitions, cut)
                lake.feed(market)
                lake.run_here(spark)
                rows, differ = differences(lake, spark)
                false = untrue(lake, market)
                compared, wrong = compared + rows, wrong + differ + false
                print(
                    f"case={case} seed={market.seed} messages={market.messages} partitions={partitions}"
                    f" cut={cut} rows={rows} differ={differ} untrue={false}",
                    flush=True,
                )
        finally:
            spark.stop()
            broker.stop()
    verdict = {"drill": "stream_parity", "seed": given.seed, "lost": 0, "doubled": 0, "wrong": wrong}
    verdict |= {"recovered_s": round(time.monotonic() - began, 1), "passed": wrong == 0 and compared > 0}
    line = json.dumps(verdict)
    print(f"# {given.cases} cases, {compared} rows compared\n{line}", flush=True)
    RESULTS.parent.mkdir(exist_ok=True)
    with RESULTS.open("a", encoding="utf-8") as results:
        results.write(line + "\n")
    sys.exit(not verdict["passed"])


if __name__ == "__main__":
    main()
