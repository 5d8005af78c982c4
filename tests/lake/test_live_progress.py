"""What a start of the live application leaves in ops: its row of runs, and how its queries did."""

import json
import math
from collections import Counter
from typing import Any

import pytest
from deltalake import DeltaTable
from pyspark.sql import SparkSession
from structlog.testing import capture_logs

from spark_apps.kernels.outputs import LIVE_TABLES
from spark_apps.lake import live_progress
from spark_apps.lake.kafka import end_offsets, fold_input, fold_output, raw_topics
from spark_apps.lake.live_progress import LiveProgress
from spark_apps.lake.location import location
from spark_apps.lake.provenance import Provenance
from spark_apps.settings import Settings
from spark_apps.tables.live import BARS_1M_LIVE, CROSS_SECTION_1M_LIVE
from spark_apps.tables.model import Table
from spark_apps.tables.operations import RUNS, STREAM_PROGRESS
from spark_apps.tables.sources import FOLD_INPUT
from tests.drills.application import Application
from tests.drills.market import DrillMarket

SECOND = 1_000_000_000
MILLISECOND = 1_000_000


def told(query: str, batch: int, began: str, took: int = 100, **other: Any) -> str:
    """Say what Spark says of one micro-batch of 50 records, five behind the end."""
    source = {"startOffset": None, "endOffset": {"t": {"0": 50, "1": 7}}, "latestOffset": {"t": {"0": 55, "1": 7}}}
    said = {"name": query, "batchId": batch, "timestamp": f"2026-11-20T02:00:{began}Z", "numInputRows": 50}
    said |= {"durationMs": {"triggerExecution": took, "addBatch": took - 1}, "sources": [source], "stateOperators": []}
    return json.dumps(said | other)


def progress_of(settings: Settings) -> LiveProgress:
    return LiveProgress(settings, Provenance("live", None, None, {}, "", code="test"))


def rows_in(settings: Settings) -> list[dict[str, Any]]:
    read = DeltaTable(str(location(STREAM_PROGRESS, settings))).to_pyarrow_table()
    return list(read.sort_by([("query", "ascending"), ("batch_id", "ascending")]).to_pylist())


def test_a_start_is_a_row_of_the_runs(unbroken: Application) -> None:
    row = min(unbroken.read(RUNS).to_pylist(), key=lambda row: row["started_at"])  # a test may have started it again
    assert (row["job"], row["status"]) == ("live", "started")
    assert json.loads(row["inputs"])["fold"] == {"unbroken.fold_input": {"0": 0, "1": 0}}


def test_the_progress_of_each_query_adds_up_to_the_records_of_its_topics(unbroken: Application) -> None:
    kafka, taken, left = unbroken.settings.kafka, Counter[str](), dict[str, int]()
    for row in rows_in(unbroken.settings):
        taken[row["query"]] += row["input_rows"]
        left[row["query"]] = row["records_behind"]
        assert row["trigger_ms"] >= row["add_batch_ms"] + row["query_planning_ms"] > 0
        assert (row["query"] == "fold") == (row["state_written_bytes"] > 0) == (row["state_memory_bytes"] > 0)
    topics = {
        "bronze": [*raw_topics(kafka), fold_input(kafka)],
        "fold": [fold_input(kafka)],
        "standing": [fold_output(kafka)],
        "gold": [fold_output(kafka)],
    }
    ends = {
        name: sum(sum(each.values()) for each in end_offsets(kafka, read).values()) for name, read in topics.items()
    }
    assert dict(taken) == ends
    assert left == {"bronze": 0, "fold": 0, "standing": 0, "gold": 0}


@pytest.mark.parametrize("table", LIVE_TABLES.values(), ids=lambda table: table.full_name)
def test_a_live_row_carries_the_clocks_that_it_passed_in_their_order(unbroken: Application, table: Table) -> None:
    inputs = unbroken.read(FOLD_INPUT).to_pylist()
    appended = {(row["topic_partition"], row["topic_offset"]): row["broker_time"] for row in inputs}
    for row in unbroken.read(table).to_pylist():
        caused_at = appended[row["input_partition"], row["input_offset"]]
        # A standing waits for the clock of every partition: it bears that of the last.
        causes = appended.values() if table == CROSS_SECTION_1M_LIVE else [caused_at]
        assert row["caused_at"] in causes
        # The broker's clock shows whole milliseconds.
        assert row["caused_at"] <= row["folded_at"] < row["emitted_at"] + MILLISECOND
        assert row["emitted_at"] < row["written_at"]


def test_progress_that_cannot_be_written_stops_no_query(
    lake: Application, spark: SparkSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise OSError("No space left on device")

    monkeypatch.setattr(live_progress, "append_arrow", fails)
    monkeypatch.setattr(live_progress, "WRITE_SECONDS", 0)
    lake.feed(DrillMarket(seed=1, messages=50, minutes=1))
    with capture_logs() as logs:
        lake.run_here(spark)
    assert "No space left on device" in [line.get("reason") for line in logs]
    assert lake.read(BARS_1M_LIVE).num_rows
    assert not lake.read(STREAM_PROGRESS).num_rows


def test_batches_of_a_query_that_end_in_one_second_are_one_row(settings: Settings) -> None:
    progress = progress_of(settings)
    batches = [("fold", 3, "01.100"), ("fold", 4, "01.300"), ("gold", 9, "01.300"), ("fold", 5, "02.300")]
    for query, batch, began in batches:
        progress.onQueryProgress(told(query, batch, began))
    progress.close(0)
    rows = rows_in(settings)
    assert [(row["query"], row["batch_id"], row["batches"]) for row in rows] == [
        ("fold", 4, 2),
        ("fold", 5, 1),
        ("gold", 9, 1),
    ]
    first, second, _ = rows
    assert [first[name] for name in ("input_rows", "trigger_ms", "add_batch_ms", "get_batch_ms")] == [100, 200, 198, 0]
    assert [first[name] for name in ("records_behind", "input_rows_per_second")] == [5, None]
    assert [second[name] for name in ("input_rows_per_second", "processed_rows_per_second")] == [50, 500]
    assert second["started_at"] - first["started_at"] == 1_200 * MILLISECOND


def test_a_second_is_written_once_it_has_passed(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    progress = progress_of(settings)
    progress.onQueryProgress(told("fold", 1, "01.000"))
    progress.write_when_due()  # it is not
    assert not DeltaTable.is_deltatable(str(location(STREAM_PROGRESS, settings)))
    monkeypatch.setattr(live_progress, "WRITE_SECONDS", 0)
    monkeypatch.setattr(live_progress, "SETTLED_SECONDS", math.inf)
    progress.write_when_due()
    assert not DeltaTable.is_deltatable(str(location(STREAM_PROGRESS, settings)))
    monkeypatch.setattr(live_progress, "SETTLED_SECONDS", -math.inf)
    progress.write_when_due()
    assert [row["batch_id"] for row in rows_in(settings)] == [1]


def test_a_topic_whose_end_spark_does_not_say_counts_as_read(settings: Settings) -> None:
    source = {"endOffset": {"t": {"0": 50}}, "latestOffset": None}
    assert live_progress.row_of(json.loads(told("fold", 1, "01.000", sources=[source])))["records_behind"] == 0
