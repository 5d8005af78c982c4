"""The fold driver: file to file from carried states, which it gives on; and which days do not follow."""

from collections.abc import Mapping
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
from pyspark.sql import SparkSession, Window
from pyspark.sql import functions as F

from spark_apps.errors import StateMismatch
from spark_apps.kernels.arrow import map_batches
from spark_apps.lake.files import added_files, days_to_replace, deal, files_between
from spark_apps.lake.fold_tasks import WRITTEN, Fold, fold_instruments
from spark_apps.lake.job import Job, Slice
from spark_apps.lake.lease import lease
from spark_apps.lake.location import location
from spark_apps.lake.provenance import Provenance, RunReport
from spark_apps.lake.reading import read, scanned
from spark_apps.lake.tables import ensure, opened
from spark_apps.lake.writing import replace_files, replace_rows
from spark_apps.settings import Settings
from spark_apps.tables.model import Table

OPENING = pa.schema({"instrument_id": pa.int32(), "session_date": pa.date32(), "state": pa.binary()})
BROKEN_CHAIN = """
WITH
before AS (
  SELECT instrument_id, max_by(closing_hash, session_date) AS closed
  FROM states WHERE session_date <= $end GROUP BY instrument_id
),
later AS (
  SELECT instrument_id, min_by(opening_hash, session_date) AS opened, max(session_date) AS last
  FROM states WHERE session_date > $end GROUP BY instrument_id
)
SELECT max(last) FROM later LEFT JOIN before USING (instrument_id)
HAVING count_if(opened <> coalesce(closed, 0)) > 0
"""


def run_fold(job: Job, days: Slice, spark: SparkSession, settings: Settings, provenance: Provenance) -> RunReport:
    """Fold a slice from the states before it, instruments dealt out to a task per core; commit rows, then states.

    Input is read from the first day of the slice's year: every instrument's state is kept for its last
    session of a year and of a run, so what lies further back is in the states.
    """
    table, (source,), (states,) = job.writes, job.writes.made_from, job.writes.carries
    opening = opening_states(spark, table, states, days.start, provenance.opens_from, settings)
    since = date(days.start.year, 1, 1)
    with lease(table, settings), lease(states, settings):
        fold = Fold(
            partial(job.transform, **job.arguments(settings)),
            table,
            states,
            source,
            job.reads,
            {kept.full_name: location(kept, settings) for kept in (table, states)},
            provenance.run_id,
            since,
            days,
            files_between(source, since, days.end, int(str(provenance.inputs[source.full_name])), settings),
            opening,
        )
        schema = ", ".join(f"{name} {kind}" for name, kind in WRITTEN.items())
        dealt = deal(spark, spark.sparkContext.defaultParallelism)
        written = [row.asDict() for row in map_batches(dealt, partial(fold_instruments, fold), schema).collect()]
        for kept in (table, states):
            _commit([row for row in written if row["table"] == kept.full_name], kept, days, settings, provenance)
    rows_out = sum(row["rows_out"] for row in written if row["table"] == table.full_name)
    return RunReport(table.full_name, "done", rows_in=sum(row["rows_in"] for row in written), rows_out=rows_out)


def _commit(
    written: list[dict[str, Any]], table: Table, days: Slice, settings: Settings, provenance: Provenance
) -> None:
    """Put the files of one table in the place of what it held of the slice."""
    added = added_files(written, provenance)
    held = ensure(table, settings)
    if not table.partition_by:
        ends = (days.start, days.end)
        replace_rows(held, table, Path(location(table, settings)), added, ends, provenance.metadata)
        return
    made = {row["session_date"] for row in written if row["rows_out"]}
    replace_files(held, table, added, days_to_replace(table, days, made, settings), provenance.metadata)


def days_that_do_not_follow(job: Job, end: date, settings: Settings) -> Slice | None:
    """Give the days after one up to the last, when any instrument does not open there as it closed before."""
    (states,) = job.writes.carries
    last = last_broken_day(states, end, settings)
    return Slice(end + timedelta(days=1), last) if last else None


def opening_states(
    spark: SparkSession, table: Table, states: Table, start: date, at: Mapping[str, int], settings: Settings
) -> pa.Table:
    """Take each instrument's newest kept state before a day; refuse one that its rows do not belong to.

    Grain: one row per instrument. `at` names the versions to read of both tables. Rows and states of one run carry
    one run_id: a run that died between the two commits left a pair that differs, and is to be run again.
    """
    before = start - timedelta(days=1)
    if not files_between(states, date.min, before, at[states.full_name], settings):
        return OPENING.empty_table()  # told by the log: nothing to ask Spark
    newest_first = (
        Window.partitionBy("instrument_id")
        .orderBy(F.desc("session_date"))
        .rowsBetween(Window.unboundedPreceding, Window.currentRow)
    )
    opening = (
        read(spark, states, at[states.full_name], settings, None, before)
        .where(F.col("state").isNotNull())
        .withColumn("place", F.row_number().over(newest_first))
        .where(F.col("place") == 1)
        .select("instrument_id", "session_date", "state", "run_id")
    )
    rows = read(spark, table, at[table.full_name], settings, None, before).select(
        "instrument_id", "session_date", F.col("run_id").alias("row_run_id")
    )
    torn = (
        opening.join(rows, on=["instrument_id", "session_date"], how="left")
        .where(~F.col("run_id").eqNullSafe(F.col("row_run_id")))
        .agg(F.count("*").alias("torn"), F.min("session_date").alias("first"))
        .first()
    )
    if torn is not None and torn["torn"]:
        raise StateMismatch(
            f"{states.full_name} and {table.full_name} of {torn['first']} come from different runs: "
            f"a run was cut short; run the job again from {torn['first']}"
        )
    return opening.select(*OPENING.names).toArrow()


def last_broken_day(states: Table, end: date, settings: Settings) -> date | None:
    """Give the last session after `end` when any instrument's next state does not open as its former one closed.

    Asked at every run: it is answered beside Spark, in a moment, and from the log alone where no day comes after.
    """
    told = pa.table(opened(states, settings).get_add_actions(flatten=True)).to_pydict()
    newest = told.get("max.session_date", [None])
    if all(day is not None and day <= end for day in newest):
        return None
    with duckdb.connect() as engine:
        engine.register("states", scanned(states, settings))
        found = engine.execute(BROKEN_CHAIN, {"end": end}).fetchone()
    return found[0] if found else None
