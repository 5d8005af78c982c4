"""Reading beside Spark: a filter finds every row of which it is true, whoever wrote it and whatever the log tells."""

from dataclasses import replace as replaced
from datetime import timedelta
from typing import Any

import pyarrow as pa
import pyarrow.dataset as ds
import pytest
from pyspark.sql import SparkSession

from spark_apps.lake import writing
from spark_apps.lake.reading import scanned
from spark_apps.lake.tables import arrow_schema
from spark_apps.lake.writing import append_arrow, replace
from spark_apps.settings import Settings
from spark_apps.tables.model import Table
from spark_apps.tables.signals import SIGNAL_APPROVALS
from tests.frames import DAY

DECISION: dict[str, Any] = {
    "instrument_id": 7,
    "bar_start": 5,
    "strategy": "breakout",
    "is_approved": True,
    "decided_by": "Lan",
    "decided_at": 1,
    "run_id": "run",
}


def decisions(*days_later: int) -> pa.Table:
    days = (DAY + timedelta(later) for later in days_later)
    return pa.Table.from_pylist(
        [DECISION | {"session_date": day} for day in days], arrow_schema(SIGNAL_APPROVALS.columns)
    )


def matches(table: Table, settings: Settings, values: dict[str, Any]) -> dict[str, int]:
    """Count the rows that a filter by each column's value finds."""
    rows = scanned(table, settings)
    return {name: rows.count_rows(filter=ds.field(name) == value) for name, value in values.items()}


def test_every_column_of_an_appended_table_can_be_asked_for(settings: Settings) -> None:
    assert scanned(SIGNAL_APPROVALS, settings).count_rows() == 0
    append_arrow(SIGNAL_APPROVALS, decisions(0, 1), settings, {}, "{}")
    append_arrow(SIGNAL_APPROVALS, decisions(2), settings, {}, "{}")
    assert matches(SIGNAL_APPROVALS, settings, DECISION) == dict.fromkeys(DECISION, 3)
    assert matches(SIGNAL_APPROVALS, settings, {"session_date": DAY}) == {"session_date": 1}


def test_every_column_of_a_table_that_spark_wrote_can_be_asked_for(spark: SparkSession, settings: Settings) -> None:
    made = spark.createDataFrame(decisions(0, 1))
    replace(made, SIGNAL_APPROVALS, DAY, DAY + timedelta(1), settings, "{}")
    assert matches(SIGNAL_APPROVALS, settings, DECISION) == dict.fromkeys(DECISION, 2)


def test_files_of_other_days_are_not_opened(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    append_arrow(SIGNAL_APPROVALS, decisions(0), settings, {}, "{}")
    append_arrow(SIGNAL_APPROVALS, decisions(3), settings, {}, "{}")
    with monkeypatch.context() as patch:
        patch.setattr(writing, "_range", lambda *_: {})
        append_arrow(SIGNAL_APPROVALS, decisions(6), settings, {}, "{}")
    of_days = ds.field("session_date") == DAY
    asked = scanned(SIGNAL_APPROVALS, settings).get_fragments(filter=of_days)
    assert len(list(asked)) == 2  # its own, and the one of which the log tells no days


def test_a_day_of_a_partitioned_table_is_found_by_its_partition(settings: Settings) -> None:
    table = replaced(SIGNAL_APPROVALS, name="by_day", partition_by=("session_date",))
    append_arrow(table, decisions(0, 1), settings, {}, "{}")
    assert matches(table, settings, DECISION) == dict.fromkeys(DECISION, 2)
    assert matches(table, settings, {"session_date": DAY}) == {"session_date": 1}
