"""The one verb. `run` pins the inputs, calls the transform, judges its rows, commits and keeps the books."""

import json

import structlog
from pyspark.sql import SparkSession

from spark_apps.lake.files import run_by_files
from spark_apps.lake.folds import days_that_do_not_follow, run_fold
from spark_apps.lake.frames import run_frames
from spark_apps.lake.job import Job, Slice
from spark_apps.lake.provenance import Provenance, RunReport, record_run
from spark_apps.lake.reading import version
from spark_apps.lake.tables import ensure
from spark_apps.lake.worker_errors import as_raised_in_workers
from spark_apps.settings import Settings
from spark_apps.tables.model import Table

logger = structlog.get_logger(__name__)

DRIVERS = {"frames": run_frames, "files": run_by_files, "fold": run_fold}


def run(job: Job, days: Slice, spark: SparkSession, settings: Settings) -> RunReport:
    """Make the slices of one table from pinned inputs; the only door to a batch commit.

    The same inputs, code and settings committed before for the same days make a no-op with status
    `unchanged`. Later days that a fold carried from states which are no more are made again, each such
    run with a row of its own in ops.runs.
    Raises RuleViolated, RowsDoNotAddUp, StateMismatch, UnknownTable, EmptyInput.
    """
    for kept in (job.writes, *job.writes.carries):
        ensure(kept, settings)
    report = _run_once(job, days, spark, settings)
    if job.by == "fold" and (later := days_that_do_not_follow(job, days, spark, settings)):
        logger.info("later days follow", job=report.job, start=str(later.start), end=str(later.end))
        _run_once(job, later, spark, settings, is_follow_up=True)
    return report


def _run_once(job: Job, days: Slice, spark: SparkSession, settings: Settings, is_follow_up: bool = False) -> RunReport:
    """Make one slice and keep the books; a follow-up is never a no-op: its opening states are new."""
    table = job.writes
    provenance = Provenance(
        job=table.full_name,
        start=days.start,
        end=days.end,
        inputs={source.full_name: version(source, settings) for source in table.made_from},
        settings_hash=settings.fingerprint,
    )
    log = logger.bind(run_id=provenance.run_id, job=provenance.job, start=str(days.start), end=str(days.end))
    # A fold commits its states last: a run that died before them is not done.
    if not is_follow_up and _is_done((table, *table.carries)[-1], provenance, settings):
        report = RunReport(provenance.job, "unchanged")
    else:
        log.info("run begins", inputs=provenance.inputs)
        with as_raised_in_workers():
            report = DRIVERS[job.by](job, days, spark, settings, provenance)
    record_run(provenance, report, settings)
    log.info("run ends", status=report.status, rows_in=report.rows_in, rows_out=report.rows_out)
    return report


def _is_done(table: Table, provenance: Provenance, settings: Settings) -> bool:
    """Say whether the newest commit that touches these days already holds this very run."""
    for commit in ensure(table, settings).history():
        said = json.loads(commit.get("userMetadata") or "{}")
        if said.get("run_key") == provenance.run_key:
            return True
        if said and said["start"] <= str(provenance.end) and said["end"] >= str(provenance.start):
            return False
    return False
