"""Bench: the as-of join of trades with quotes of 10 and of 100 columns, beside DuckDB's ASOF JOIN in the same run.

`python bench/as_of.py` prints a line per figure and appends it to build/bench.jsonl. 1 M trades of 400 instruments over
five days meet 1 M quotes, read from Parquet; every column is made, ours for Spark's sink that keeps nothing, DuckDB's
as an Arrow table. Both engines have the machine's cores. The last line says how many times as long 100 columns take as
10; the aim is 2.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from bench.kernels import report
from spark_apps.features.as_of import DAY, join_as_of
from spark_apps.lake.session import session
from spark_apps.settings import load

DAYS, INSTRUMENTS, SIZE = 5, 400, 1_000_000


def write_rows(path: Path, random: np.random.Generator, columns: int) -> None:
    """Write rows in order of time: an instrument, a time, a number, and so many columns of numbers."""
    rows = {
        "instrument_id": random.integers(1, INSTRUMENTS + 1, SIZE).astype(np.int32),
        "event_time": np.sort(random.integers(0, DAYS * DAY, SIZE)),
        "source_seq": np.arange(SIZE),
    }
    rows |= {f"c{number}": random.random(SIZE) for number in range(columns)}
    pq.write_table(pa.table(rows), path)


def by_spark(spark: SparkSession, trades: Path, quotes: Path) -> DataFrame:
    """Join by `join_as_of`."""
    return join_as_of(
        spark.read.parquet(str(trades)),
        spark.read.parquet(str(quotes)),
        by=["instrument_id"],
        at="event_time",
        known_at="event_time",
        ties=["source_seq"],
        name="quote",
    )


def by_duckdb(trades: Path, quotes: Path) -> str:
    """Join by ASOF JOIN, which knows no ties: the last of equal times is chosen beforehand."""
    last = (
        f"SELECT * FROM '{quotes}'"
        " QUALIFY row_number() OVER (PARTITION BY instrument_id, event_time ORDER BY source_seq DESC) = 1"
    )
    return (
        f"SELECT trades.*, quotes.* FROM '{trades}' AS trades ASOF LEFT JOIN ({last}) AS quotes"
        " ON quotes.instrument_id = trades.instrument_id AND quotes.event_time <= trades.event_time"
    )


def seconds(runs: int, work: Callable[[], object]) -> float:
    """Give the median time of the runs."""
    taken = []
    for _ in range(runs):
        started = time.monotonic()
        work()
        taken.append(time.monotonic() - started)
    return statistics.median(taken)


def bench(spark: SparkSession, trades: Path, quotes: Path, columns: int, runs: int) -> float:
    """Join to all columns in both engines, and check that they mean the same; give our seconds."""
    joined, last = by_spark(spark, trades, quotes), f"c{columns - 1}"

    def write() -> None:
        joined.write.format("noop").mode("overwrite").save()

    with duckdb.connect() as engine:
        query = by_duckdb(trades, quotes)
        our_sum = float((joined.agg(F.sum(f"quote.{last}")).first() or (0,))[0])
        peer_sum = engine.execute(f"SELECT sum({last}) FROM ({query})").fetchall()[0][0]
        if not np.isclose(our_sum, peer_sum, rtol=1e-9):
            raise SystemExit(f"as_of, {columns} columns: {last} sums to {our_sum}, in DuckDB to {peer_sum}")
        write()  # the first pass compiles
        ours, peer = seconds(runs, write), seconds(runs, lambda: engine.sql(query).to_arrow_table())
    report(f"as_of_{columns}_columns", SIZE / ours / 1e6, "M trades/s", "DuckDB", SIZE / peer / 1e6, runs)
    return ours


def main() -> None:
    """Run both engines over 10 and 100 columns."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--runs", type=int, default=3)
    options.add_argument("--seed", type=int, default=1)
    given = options.parse_args()
    spark, random, took = session(load(), "bench"), np.random.default_rng(given.seed), []
    with tempfile.TemporaryDirectory(prefix="tayho_as_of_") as place:
        trades = Path(place) / "trades.parquet"
        write_rows(trades, random, 0)
        for columns in (10, 100):
            quotes = Path(place) / f"quotes_{columns}.parquet"
            write_rows(quotes, random, columns)
            took.append(bench(spark, trades, quotes, columns, given.runs))
    spark.stop()
    report("as_of_100_against_10_columns", took[1] / took[0], "times as long", "aim 2", None, given.runs)


if __name__ == "__main__":
    main()
