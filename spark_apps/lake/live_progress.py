"""How the live queries are doing: what Spark says of each micro-batch, gathered by second into ops.stream_progress.

The listener only queues, and it queues text: PySpark's own event asks the JVM for every number by itself, hundreds of
calls for one micro-batch of the fold. The application's thread makes the rows, one commit every few seconds.
"""

import json
import math
import threading
import time
from collections import deque
from datetime import datetime
from functools import cached_property
from itertools import groupby
from typing import Any

import pyarrow as pa
import structlog
from pyspark import SparkContext
from pyspark.sql.streaming.listener import JStreamingQueryListener, StreamingQueryListener

from spark_apps.lake.checkpoints import behind
from spark_apps.lake.provenance import Provenance
from spark_apps.lake.tables import arrow_schema
from spark_apps.lake.writing import append_arrow
from spark_apps.settings import Settings
from spark_apps.tables.operations import STREAM_PROGRESS

logger = structlog.get_logger(__name__)

SECOND = 1_000_000_000
WRITE_SECONDS = 5
# Spark tells of a micro-batch within moments of its end; a second that began so long ago is complete.
SETTLED_SECONDS = 2
END_SECONDS = 10
PHASES = {
    "latest_offset_ms": "latestOffset",
    "get_batch_ms": "getBatch",
    "query_planning_ms": "queryPlanning",
    "wal_commit_ms": "walCommit",
    "add_batch_ms": "addBatch",
    "commit_offsets_ms": "commitOffsets",
    "trigger_ms": "triggerExecution",
}
SUMS = ("input_rows", *PHASES, "state_written_bytes", "state_copied_bytes")
Row = dict[str, Any]


class LiveProgress(StreamingQueryListener):
    """Listen to the queries of one start and write how they are doing; a failure to write is logged and stops none."""

    def __init__(self, settings: Settings, provenance: Provenance) -> None:
        """Begin with nothing to tell."""
        self.settings = settings
        self.provenance = provenance
        self._told: deque[str] = deque()
        self._ended = threading.Semaphore(0)
        self._waiting: list[Row] = []
        self._began: dict[str, int] = {}
        self._written = time.monotonic()

    @cached_property
    def _jlistener(self) -> Any:
        wrapper = SparkContext._jvm.org.apache.spark.sql.streaming.PythonStreamingQueryListenerWrapper  # type: ignore[union-attr]  # py4j
        return wrapper(_AsText(self))

    def onQueryStarted(self, event: Any) -> None:  # noqa: N802 - Spark's name
        """Have nothing to say."""

    def onQueryProgress(self, event: Any) -> None:  # noqa: N802 - Spark's name
        """Queue the text of a micro-batch's progress."""
        self._told.append(event)

    def onQueryTerminated(self, event: Any) -> None:  # noqa: ARG002, N802 - Spark's name
        """Note that all has been told of a query."""
        self._ended.release()

    def write_when_due(self) -> None:
        """Append what has settled since the last time, every few seconds."""
        if time.monotonic() - self._written >= WRITE_SECONDS:
            self._write(time.time() - SETTLED_SECONDS)

    def close(self, queries: int) -> None:
        """Append the rest once Spark, which tells in its own time, has told that so many queries have ended."""
        for _ in range(queries):
            self._ended.acquire(timeout=END_SECONDS)
        self._write(math.inf)

    def _write(self, until: float) -> None:
        """Append a row for each query and second that began before `until`."""
        self._written = time.monotonic()
        try:
            while self._told:
                self._waiting.append(row_of(json.loads(self._told.popleft())))
            due = [row for row in self._waiting if row["second"] < until]
            self._waiting = [row for row in self._waiting if row["second"] >= until]
            by_second = groupby(sorted(due, key=_second), _second)
            if rows := [self._summed(list(batches)) for _, batches in by_second]:
                table = pa.Table.from_pylist(rows, arrow_schema(STREAM_PROGRESS.columns))
                append_arrow(STREAM_PROGRESS, table, self.settings, {}, self.provenance.metadata)
        except Exception as error:
            logger.error("progress of the live queries is not written: what was told is lost", reason=str(error))

    def _summed(self, batches: list[Row]) -> Row:
        """Make one row of the micro-batches of a query that ended in one second."""
        last, sums = batches[-1], {name: sum(batch[name] for batch in batches) for name in SUMS}
        since = last["started_at"] - self._began.get(last["query"], last["started_at"])
        self._began[last["query"]] = last["started_at"]
        return {
            **last,
            **sums,
            "run_id": self.provenance.run_id,
            "batches": len(batches),
            "started_at": batches[0]["started_at"],
            "input_rows_per_second": sums["input_rows"] * SECOND / since if since > 0 else None,
            "processed_rows_per_second": sums["input_rows"] * 1000 / max(sums["trigger_ms"], 1),
        }


class _AsText(JStreamingQueryListener):
    """Take what Spark tells; of a micro-batch its text, in one call."""

    def onQueryProgress(self, jevent: Any) -> None:  # noqa: N802 - Spark's name
        self.pylistener.onQueryProgress(jevent.progress().json())


def row_of(progress: Row) -> Row:
    """Give one micro-batch as Spark tells of it in the columns of ops.stream_progress, and the second of its end."""
    began = datetime.fromisoformat(progress["timestamp"])
    started_at = round(began.timestamp() * 1000) * 1_000_000
    took = progress["durationMs"]
    states = progress["stateOperators"]
    ends = [(source["endOffset"], source["latestOffset"]) for source in progress["sources"]]
    return {
        "query": progress["name"],
        "batch_id": progress["batchId"],
        "batch_date": began.date(),
        "started_at": started_at,
        "second": (started_at + took["triggerExecution"] * 1_000_000) // SECOND,
        "input_rows": progress["numInputRows"],
        "records_behind": sum(behind(end, latest or end) for end, latest in ends),
        **{name: took.get(phase, 0) for name, phase in PHASES.items()},
        "state_memory_bytes": sum(state["memoryUsedBytes"] for state in states),
        "state_written_bytes": sum(state["customMetrics"]["rocksdbTotalBytesWritten"] for state in states),
        "state_copied_bytes": sum(state["customMetrics"]["rocksdbBytesCopied"] for state in states),
    }


def _second(row: Row) -> tuple[str, int]:
    return row["query"], row["second"]
