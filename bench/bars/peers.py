"""The peers of ticks_to_bars.py: what each does with a slice of silver.trades, in a process of its own."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb
from deltalake import write_deltalake

from bench.peer import Factory
from spark_apps.lake.files import session_files
from spark_apps.lake.location import location
from spark_apps.lake.tables import ensure
from spark_apps.settings import Settings, load
from spark_apps.tables.market import BARS_1M, TRADES

BARS = """
    SELECT instrument_id, session_date, event_time // 60000000000 * 60000000000 AS bar_start,
           arg_min(price, source_seq) AS open, max(price) AS high, min(price) AS low,
           arg_max(price, source_seq) AS close, sum(quantity)::BIGINT AS volume,
           sum(price * quantity)::DECIMAL(28,4) AS value, count(*) AS trade_count,
           (event_time // 60000000000 + 1) * 60000000000 AS available_at, 'duckdb' AS run_id
    FROM read_parquet($files, hive_partitioning = true) WHERE quantity > 0
    GROUP BY instrument_id, session_date, event_time // 60000000000
"""


@dataclass(frozen=True)
class Work:
    """Name what one round makes: a slice of a lake folder that holds silver.trades and nothing else."""

    first: date
    last: date
    lake: Path

    @property
    def settings(self) -> Settings:
        """Give settings whose tables lie in the folder."""
        return load().with_values(lake_root=self.lake)

    @property
    def files(self) -> list[str]:
        """List the files of silver.trades in the slice."""
        version = ensure(TRADES, self.settings).version()
        found = session_files(TRADES, self.first, self.last, version, self.settings)
        return [file for files in found.values() for file in files]

    @property
    def target(self) -> str:
        """Give the folder of gold.bars_1m."""
        return str(location(BARS_1M, self.settings))


def tayho() -> Callable[[Work], object]:
    """Start the session; give the product path."""
    from spark_apps.jobs.bars_1m import job
    from spark_apps.lake.job import batch
    from spark_apps.lake.run import run
    from spark_apps.lake.session import session

    spark = session(load(), "bench")
    return lambda work: run(job, batch(work.first, work.last), spark, work.settings)


def duck() -> Callable[[Work], object]:
    """Give DuckDB's path: one query whose rows flow into the writer."""

    def make(work: Work) -> None:
        with duckdb.connect() as engine:
            engine.execute("SET enable_progress_bar = false")
            bars = engine.sql(BARS, params={"files": work.files})
            write_deltalake(work.target, bars.to_arrow_reader(1_000_000), partition_by=["session_date"])

    return make


def polars() -> Callable[[Work], object]:
    """Give Polars' path: the streaming engine, then the writer."""
    import polars as pl

    minute = pl.col("event_time") // 60_000_000_000 * 60_000_000_000
    price, quantity = pl.col("price"), pl.col("quantity")

    def make(work: Work) -> None:
        bars = (
            pl.scan_parquet(work.files, hive_partitioning=True)
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
        write_deltalake(work.target, bars, partition_by=["session_date"])

    return make


PEERS: dict[str, Factory] = {"tayho": tayho, "DuckDB": duck, "Polars": polars}
