"""A lake of its own with the real live application on it, to be fed, killed, started again and read."""

import json
import os
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

import pyarrow as pa
from deltalake import DeltaTable
from pyspark.sql import SparkSession

from spark_apps.jobs.ticks import job as make_ticks
from spark_apps.kernels.outputs import LIVE_TABLES
from spark_apps.lake.checkpoints import open_batch
from spark_apps.lake.feed import FeedReport, publish_session
from spark_apps.lake.job import batch
from spark_apps.lake.kafka import end_offsets, raw_topic
from spark_apps.lake.live import run_live
from spark_apps.lake.location import checkpoint, location
from spark_apps.lake.run import run
from spark_apps.lake.tables import ensure
from spark_apps.market.replay import replayed_columns
from spark_apps.settings import Settings, load
from spark_apps.sources.admit import entries_of
from spark_apps.tables import set_aside_tables
from spark_apps.tables.market import TICKS
from spark_apps.tables.model import Table
from tests.drills.market import DrillMarket

ROOT = Path(__file__).parents[2]
# Part of the output must leave the Python worker before a kill inside the write: whatever is longer than the worker's
# buffer leaves at once, and a buffer of four bytes is shorter than what Arrow writes last.
SUBMIT = "--driver-memory 2g --conf spark.buffer.size=4 pyspark-shell"


@dataclass(frozen=True)
class Silver:
    """Hold what the batch job makes of bronze.messages: ticks in key order, and what it set aside, counted."""

    ticks: list[dict[str, Any]]
    quarantine: Counter[tuple[str, ...]]
    duplicates: int


@dataclass(frozen=True)
class Application:
    """Hold the settings of one lake."""

    settings: Settings

    def feed(self, market: DrillMarket, seeds: Mapping[int, bytes] | None = None) -> FeedReport:
        """Publish a session, or what is missing of it."""
        return publish_session(market.envelopes(), entries_of, market.hours, self.settings, seeds=seeds)

    def published(self) -> int:
        """Count the messages that the raw topic holds by now."""
        topic = raw_topic("sim", self.settings.kafka)
        return sum(end_offsets(self.settings.kafka, [topic])[topic].values())

    def run_here(self, spark: SparkSession) -> None:
        """Run until idle in this process."""
        run_live(spark, self.settings, threading.Event(), until_idle=True)

    def start(self, failpoint: str = "") -> subprocess.Popen[bytes]:
        """Start the application as a process group of its own; it ends when it is idle, or at the failpoint."""
        log = (self.settings.lake_root / "live.log").open("ab")
        command = [sys.executable, "-m", "spark_apps.jobs.live", "--until-idle"]
        environment = os.environ | self.environment | ({"TAYHO_FAILPOINT": failpoint} if failpoint else {})
        with log:
            return subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log, start_new_session=True)

    def with_batches_of(self, records: int) -> Self:
        """Give the same lake with micro-batches of at most so many records."""
        live = self.settings.live.model_copy(update={"max_records_per_batch": records})
        return replace(self, settings=self.settings.with_values(live=live))

    @property
    def environment(self) -> dict[str, str]:
        """Say these settings in the words of the environment."""
        kafka, live = self.settings.kafka, self.settings.live
        return {
            "PYSPARK_SUBMIT_ARGS": SUBMIT,
            "TAYHO_LAKE_ROOT": str(self.settings.lake_root),
            "TAYHO_KAFKA__BOOTSTRAP_SERVERS": kafka.bootstrap_servers,
            "TAYHO_KAFKA__PREFIX": kafka.prefix,
            "TAYHO_KAFKA__PARTITIONS": str(kafka.partitions),
            "TAYHO_LIVE__BATCH_SECONDS": str(live.batch_seconds),
            "TAYHO_LIVE__GENERATION": str(live.generation),
            "TAYHO_LIVE__MAX_RECORDS_PER_BATCH": str(live.max_records_per_batch),
        }

    @property
    def log(self) -> str:
        """Read what the application has logged so far."""
        return (self.settings.lake_root / "live.log").read_text(encoding="utf-8", errors="replace")

    def read(self, table: Table) -> pa.Table:
        """Read a table as it is now."""
        ensure(table, self.settings)
        return DeltaTable(str(location(table, self.settings))).to_pyarrow_table()

    def live_rows(self) -> dict[str, list[dict[str, Any]]]:
        """Give the rows of every live table in order of cause, our own clocks left out."""
        return {table.full_name: rows_of(self.read(table), table) for table in LIVE_TABLES.values()}

    def silver(self, spark: SparkSession, market: DrillMarket) -> Silver:
        """Make silver.ticks of a session from bronze.messages by the batch job, and read it."""
        day = market.hours.session_date
        run(make_ticks, batch(day, day), spark, self.settings)
        quarantine, _, duplicates = (self.read(table) for table in set_aside_tables(TICKS))
        records = [json.loads(record)["payload"] for record in quarantine["record"].to_pylist()]
        return Silver(
            rows_of(self.read(TICKS), TICKS),
            Counter(
                (payload, *broken)
                for payload, broken in zip(records, quarantine["broken_rules"].to_pylist(), strict=True)
            ),
            duplicates.num_rows,
        )

    def open_batch(self, query: str) -> int:
        """Give the batch that has an offset entry and no commit entry; -1 where there is none."""
        return open_batch(checkpoint(query, self.settings))


def application(folder: Path, address: str, prefix: str, partitions: int = 1, records: int = 200_000) -> Application:
    """Give an application with its tables in `folder` and its topics under `prefix`."""
    settings = load().with_values(lake_root=folder)
    folder.mkdir(parents=True, exist_ok=True)
    kafka = {"bootstrap_servers": address, "prefix": prefix, "partitions": partitions}
    live = {"batch_seconds": 0, "max_records_per_batch": records}
    return Application(
        settings.with_values(kafka=settings.kafka.model_copy(update=kafka), live=settings.live.model_copy(update=live))
    )


def rows_of(rows: pa.Table, table: Table) -> list[dict[str, Any]]:
    """Give rows in order of their key, without the columns that two runs may differ in."""
    names = [column.name for column in replayed_columns(table)]
    return list(rows.select(names).sort_by([(name, "ascending") for name in table.key]).to_pylist())
