"""High-water marks: each row once, however often it is handed over."""

import json

import numpy as np
import pyarrow as pa
import pytest
from deltalake import DeltaTable

from spark_apps.lake.location import location
from spark_apps.lake.marks import Batch, Marks, ranges
from spark_apps.lake.provenance import Provenance
from spark_apps.lake.tables import arrow_schema
from spark_apps.settings import Settings
from spark_apps.tables.sources import FOLD_INPUT


def records(*offsets: int) -> pa.Table:
    row = {"topic": "t", "topic_partition": 0, "broker_time": 0, "record": b"x", "ingest_date": None, "run_id": "r"}
    return pa.Table.from_pylist(
        [row | {"topic_offset": offset, "ingest_date": np.datetime64("2026-11-20").item()} for offset in offsets],
        arrow_schema(FOLD_INPUT.columns),
    )


def marks_of(settings: Settings) -> Marks:
    return Marks(settings, "bronze", Provenance("live", None, None, {}, "", code="test"))


def append(marks: Marks, *offsets: int, also: dict[str, int] | None = None) -> int:
    rows = records(*offsets)
    batch = Batch(4, {"t": {0: (1, 9)}})
    return marks.append(FOLD_INPUT, rows, {"p0": np.arange(len(rows))}, np.array(offsets, np.int64), batch, also)


def held(settings: Settings) -> list[int]:
    table = DeltaTable(str(location(FOLD_INPUT, settings))).to_pyarrow_table()
    return sorted(table["topic_offset"].to_pylist())


def test_rows_at_or_below_the_mark_are_dropped(settings: Settings) -> None:
    assert append(marks_of(settings), 1, 2, 3) == 3
    assert append(marks_of(settings), 2, 3, 4) == 1
    assert held(settings) == [1, 2, 3, 4]


def test_rows_that_are_repeated_within_a_batch_are_dropped(settings: Settings) -> None:
    assert append(marks_of(settings), 1, 2, 1, 2, 3) == 3
    assert held(settings) == [1, 2, 3]


def test_a_batch_without_a_new_row_makes_no_commit(settings: Settings) -> None:
    append(marks_of(settings), 1)
    version = DeltaTable(str(location(FOLD_INPUT, settings))).version()
    append(marks_of(settings), 1)
    assert DeltaTable(str(location(FOLD_INPUT, settings))).version() == version


@pytest.mark.parametrize("offsets", [(), (7,)])
def test_a_further_mark_is_saved_with_rows_or_alone(settings: Settings, offsets: tuple[int, ...]) -> None:
    append(marks_of(settings), *offsets, also={"read": 5})
    assert marks_of(settings).at(FOLD_INPUT, "read") == 5
    assert held(settings) == list(offsets)


def test_a_mark_survives_the_process_that_made_it(settings: Settings) -> None:
    append(marks_of(settings), 41)
    assert marks_of(settings).at(FOLD_INPUT, "p0") == 41
    assert marks_of(settings).at(FOLD_INPUT, "p1") == -1


def test_a_commit_says_of_which_batch_it_is_and_of_which_offsets(settings: Settings) -> None:
    append(marks_of(settings), 1, 2)
    (commit, *_) = DeltaTable(str(location(FOLD_INPUT, settings))).history(1)
    said = json.loads(commit["userMetadata"])
    assert (said["query"], said["batch"], said["inputs"]) == ("bronze", 4, {"t": {"0": [1, 9]}})


def test_ranges_are_those_of_each_partition_of_each_topic() -> None:
    places = [("a", 0, 7), ("a", 1, 3), ("b", 0, 2), ("a", 0, 5)]
    topics, partitions, offsets = (pa.chunked_array([list(column)]) for column in zip(*places, strict=True))
    assert ranges(topics, partitions, offsets) == {"a": {0: (5, 8), 1: (3, 4)}, "b": {0: (2, 3)}}
