"""The peers of ticks_to_bars.py: what each does with a slice of silver.trades, in a process of its own."""

from collections.abc import Callable
from functools import partial

import duckdb
from deltalake import write_deltalake

from bench.peer import Factory
from bench.work import Work, by_run
from spark_apps.lake.files import session_files
from spark_apps.lake.tables import ensure
from spark_apps.tables.market import TRADES

BARS = """
    SELECT instrument_id, session_date, event_time // 60000000000 * 60000000000 AS bar_start,
           arg_min(price, source_seq) AS open, max(price) AS high, min(price) AS low,
           arg_max(price, source_seq) AS close, sum(quantity)::BIGINT AS volume,
           sum(price * quantity)::DECIMAL(28,4) AS value, count(*) AS trade_count,
           (event_time // 60000000000 + 1) * 60000000000 AS available_at, 'duckdb' AS run_id
    FROM read_parquet($files, hive_partitioning = true) WHERE quantity > 0
    GROUP BY instrument_id, session_date, event_time // 60000000000
"""


def files_of(work: Work) -> list[str]:
    """List the files of silver.trades in the slice."""
    version = ensure(TRADES, work.settings).version()
    found = session_files(TRADES, work.first, work.last, version, work.settings)
    return [file for files in found.values() for file in files]


def duck() -> Callable[[Work], object]:
    """Give DuckDB's path: one query whose rows flow into the writer."""

    def make(work: Work) -> None:
        with duckdb.connect() as engine:
            engine.execute("SET enable_progress_bar = false")
            bars = engine.sql(BARS, params={"files": files_of(work)})
            write_deltalake(work.place, bars.to_arrow_reader(1_000_000), partition_by=["session_date"])

    return make


def polars() -> Callable[[Work], object]:
    """Give Polars' path: the streaming engine, then the writer."""
    import polars as pl

    minute = pl.col("event_time") // 60_000_000_000 * 60_000_000_000
    price, quantity = pl.col("price"), pl.col("quantity")

    def make(work: Work) -> None:
        bars = (
            pl.scan_parquet(files_of(work), hive_partitioning=True)
            .filter(quantity > 0)
            .group_by("instrument_id", "session_date", bar_start=minute)
            .agg(
                open=price.min_by("source_seq"),
                high=price.max(),
                low=price.min(),
                close=price.max_by("source_seq"),
                volume=quantity.sum(),
                value=(price * quantity).sum().cast(pl.Decimal(28, 4)),
                trade_count=pl.len().cast(pl.Int64),
            )
            .with_columns(available_at=pl.col("bar_start") + 60_000_000_000, run_id=pl.lit("polars"))
            .collect(engine="streaming")
        )
        write_deltalake(work.place, bars, partition_by=["session_date"])

    return make


PEERS: dict[str, Factory] = {"tayho": partial(by_run, "bars_1m"), "DuckDB": duck, "Polars": polars}
