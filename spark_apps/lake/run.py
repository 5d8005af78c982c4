"""The one verb. `run` pins the inputs, calls the transform, judges its rows, commits and keeps the books."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import structlog
from deltalake import DeltaTable
from pyspark.sql import SparkSession

from spark_apps.lake.files import run_by_files
from spark_apps.lake.folds import days_that_do_not_follow, run_fold
from spark_apps.lake.frames import run_frames
from spark_apps.lake.job import Job, Slice
from spark_apps.lake.lease import alone
from spark_apps.lake.provenance import Provenance, RunReport, record_run
from spark_apps.lake.reading import version
from spark_apps.lake.tables import ensure
from spark_apps.lake.worker_errors import as_raised_in_workers
from spark_apps.settings import Settings
from spark_apps.tables.sources import ALL_DAYS

logger = structlog.get_logger(__name__)

DRIVERS = {"frames": run_frames, "files": run_by_files, "fold": run_fold}


def run(job: Job, days: Slice, spark: SparkSession, settings: Settings) -> RunReport:
    """Make the slices of one table from pinned inputs; the only door to a batch commit.

    The same inputs, code and settings committed before for the same days make a no-op with status
    `unchanged`, unless a fold's states before them are no more those that they opened from. Later days that a
    fold carried from such states are made again, each such run with a row of its own in ops.runs.
    Raises RuleViolated, RowsDoNotAddUp, SchemaMismatch, StateMismatch, UnknownTable, EmptyInput.
    """
    for kept in (job.writes, *job.writes.carries):
        ensure(kept, settings)
    report = _run_once(job, days, spark, settings)
    if job.by == "fold" and (later := days_that_do_not_follow(job, days.end, settings)):
        logger.info("later days follow", job=report.job, start=str(later.start), end=str(later.end))
        _run_once(job, later, spark, settings)
    return report


def _run_once(job: Job, days: Slice, spark: SparkSession, settings: Settings) -> RunReport:
    """Make one slice and keep the books."""
    table = job.writes
    provenance = Provenance(
        job=table.full_name,
        start=days.start,
        end=days.end,
        inputs={source.full_name: version(source, settings) for source in table.made_from},
        settings_hash=settings.fingerprint,
        opens_from={own.full_name: version(own, settings) for own in (table, *table.carries) if table.carries},
    )
    log = logger.bind(run_id=provenance.run_id, job=provenance.job, start=str(days.start), end=str(days.end))
    if _is_done(job, days, provenance, settings):
        report = RunReport(provenance.job, "unchanged")
    else:
        log.info("run begins", inputs=provenance.inputs)
        # What is set aside, the rows and their states are commits of one run: no other may come between.
        try:
            with alone(provenance.job, settings, provenance.job), as_raised_in_workers():
                report = DRIVERS[job.by](job, days, spark, settings, provenance)
        except Exception as error:
            record_run(provenance, RunReport(provenance.job, "failed"), settings)
            log.warning("run ends", status="failed", error=type(error).__name__, reason=str(error))
            raise
    record_run(provenance, report, settings)
    log.info("run ends", status=report.status, rows_in=report.rows_in, rows_out=report.rows_out, sums=report.sums)
    return report


def _is_done(job: Job, days: Slice, provenance: Provenance, settings: Settings) -> bool:
    """Say whether these days already hold this very run, and a fold's days open as the one before them closed."""
    # A fold commits its states last: a run that died before them is not done.
    last_written = (job.writes, *job.writes.carries)[-1]
    if not _is_committed(ensure(last_written, settings), provenance):
        return False
    opens_from_nothing = days.start <= ALL_DAYS[0]  # no day comes before
    is_chained = job.by == "fold" and not opens_from_nothing
    return not (is_chained and days_that_do_not_follow(job, days.start - timedelta(days=1), settings))


def _is_committed(table: DeltaTable, provenance: Provenance) -> bool:
    """Say whether the newest commit that may have touched these days is this very run's."""
    told = (json.loads(commit.get("userMetadata") or "{}") for commit in _commits(table))
    # What no run committed, a RESTORE say, may have touched any day.
    touching = (
        said
        for said in told
        if not said or (said["start"] <= str(provenance.end) and said["end"] >= str(provenance.start))
    )
    newest = next(touching, None)
    return newest is not None and newest.get("run_key") == provenance.run_key


def _commits(table: DeltaTable) -> Iterator[dict[str, Any]]:
    """Give a table's commits, newest first; most often the answer lies at the end of a log that grows every night."""
    taken, limit = 0, 4
    while taken in (0, limit):  # fewer than were asked for are the whole log
        limit *= 4
        commits = table.history(limit)
        yield from commits[taken:]
        taken = len(commits)
