"""The file driver: whole sessions in a task, Parquet in, Parquet out, one commit at the end.

The rows never cross between the JVM and Python: Spark hands out file names, the workers read, fold, check
and write. `make bench` prints how that compares with engines that need no JVM.
"""

import json
from collections import Counter
from collections.abc import Iterable
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
from deltalake.transaction import AddAction, RemoveAction
from pyspark.sql import DataFrame, SparkSession

from spark_apps.errors import RowsDoNotAddUp, RuleViolated
from spark_apps.kernels.arrow import map_batches
from spark_apps.lake.job import Job, Slice
from spark_apps.lake.lease import lease
from spark_apps.lake.location import location
from spark_apps.lake.provenance import Provenance, RunReport
from spark_apps.lake.tables import arrow_type, ensure, opened
from spark_apps.lake.writing import replace_files, write_file
from spark_apps.settings import Settings
from spark_apps.tables.model import Table

# What a worker tells of each session that it has made.
DONE = {"session_date": "DATE", "rows_in": "BIGINT", "rows_out": "BIGINT", "warnings": "STRING", "sums": "STRING",
        "path": "STRING", "size": "BIGINT", "stats": "STRING"}  # fmt: skip


def run_by_files(job: Job, days: Slice, spark: SparkSession, settings: Settings, provenance: Provenance) -> RunReport:
    """Run a file job over its sessions, dealt out to a task per core, and replace those sessions in one commit."""
    table, (source,) = job.writes, job.writes.made_from
    sessions = session_files(source, days.start, days.end, int(str(provenance.inputs[source.full_name])), settings)
    with lease(table, settings):
        work = partial(
            _make_sessions,
            partial(job.transform, **job.arguments(settings)),
            table,
            location(table, settings),
            provenance.run_id,
            job.reads or tuple(name for name in source.column_names if name not in source.partition_by),
            list(sessions.items()),
        )
        schema = ", ".join(f"{name} {kind}" for name, kind in DONE.items())
        # A task costs as much as a large session, so there are no more of them than run at once.
        tasks = min(len(sessions), spark.sparkContext.defaultParallelism)
        done = [row.asDict() for row in map_batches(deal(spark, tasks), work, schema).collect()] if sessions else []
        added = added_files(done, provenance)
        replace_files(
            ensure(table, settings), table, added, days_to_replace(table, days, sessions, settings), provenance.metadata
        )
    return RunReport(
        job=table.full_name,
        status="done",
        rows_in=sum(row["rows_in"] for row in done),
        rows_out=sum(row["rows_out"] for row in done),
        warnings=_added(row["warnings"] for row in done),
        sums=_added(row["sums"] for row in done),
    )


def deal(spark: SparkSession, tasks: int) -> DataFrame:
    """Give each of so many tasks a row: which one it is, `first`, and how many there are, `step`."""
    return spark.range(0, tasks, 1, tasks).selectExpr("id AS first", f"{tasks} AS step")


def added_files(written: Iterable[dict[str, Any]], provenance: Provenance) -> list[AddAction | RemoveAction]:
    """Describe for a commit the files that workers have written rows into, each of one session where it names one."""
    return [
        AddAction(
            path=row["path"],
            size=row["size"],
            partition_values={"session_date": str(row["session_date"])} if row["session_date"] else {},
            modification_time=provenance.started_at // 10**6,
            data_change=True,
            stats=row["stats"],
        )
        for row in written
        if row["rows_out"]
    ]


def _added(texts: Iterable[str]) -> dict[str, int]:
    """Add up what sessions counted, by name."""
    total: Counter[str] = Counter()
    for text in texts:
        total.update(json.loads(text))
    return dict(total)


def session_files(source: Table, start: date, end: date, at: int, settings: Settings) -> dict[date, list[str]]:
    """List the files of each session in one version of a table that is partitioned by session."""
    table = opened(source, settings)
    table.load_as_version(at)
    actions = pa.table(table.get_add_actions(flatten=True))
    sessions: dict[date, list[str]] = {}
    for path, day in zip(actions["path"].to_pylist(), actions[f"partition.{source.time}"].to_pylist(), strict=True):
        if start <= day <= end:
            sessions.setdefault(day, []).append(str(location(source, settings) / path))
    return {day: sorted(sessions[day]) for day in sorted(sessions)}


def files_between(source: Table, start: date, end: date, at: int, settings: Settings) -> list[tuple[str, date | None]]:
    """List the files of one version that may hold rows of some days, each with its session where it is of one."""
    if source.partition_by:
        found = session_files(source, start, end, at, settings)
        return [(file, day) for day, files in found.items() for file in files]
    table = opened(source, settings)
    table.load_as_version(at)
    files = []
    for file in pa.table(table.get_add_actions(flatten=True)).to_pylist():
        begins, ends = (file.get(f"{edge}.{source.time}") for edge in ("min", "max"))
        if (begins is None or begins <= end) and (ends is None or ends >= start):
            files.append((str(location(source, settings) / file["path"]), None))
    return sorted(files)


def days_to_replace(table: Table, days: Slice, made: Iterable[date], settings: Settings) -> list[date]:
    """Name the days to replace: those that were made, and those of the slice that the table still holds."""
    held = session_files(table, days.start, days.end, opened(table, settings).version(), settings)
    return sorted({*made, *held}) or [days.start]


def _make_sessions(
    transform: Any,
    table: Table,
    folder: Path,
    run_id: str,
    reads: tuple[str, ...],
    sessions: list[tuple[date, list[str]]],
    dealt: pa.Table,
) -> pa.Table:
    """Make every step-th session from the first on; runs in a worker."""
    rows = []
    # The other cores have tasks of their own: one thread for the engine, as for pyarrow.
    with duckdb.connect(config={"threads": 1}) as engine:
        for task in dealt.to_pylist():
            for day, files in sessions[task["first"] :: task["step"]]:
                taken = _read(reads, files)
                made = transform(taken)
                warnings, sums = check(engine, made, taken, table, day)
                made = made.append_column("run_id", pa.repeat(run_id, made.num_rows))
                action = write_file(made, table, folder, {"session_date": str(day)})
                rows.append(
                    {
                        "session_date": day,
                        "rows_in": taken.num_rows,
                        "rows_out": made.num_rows,
                        "warnings": json.dumps(warnings),
                        "sums": json.dumps(sums),
                        "path": action.path,
                        "size": action.size,
                        "stats": action.stats,
                    }
                )
    schema = pa.schema({name: arrow_type(kind) for name, kind in DONE.items()})
    return pa.Table.from_pylist(rows, schema)


def _read(reads: tuple[str, ...], files: list[str]) -> pa.Table:
    """Read columns of a session's rows; pages are memory already, so no thread fetches ahead."""
    return pa.concat_tables(
        [pq.ParquetFile(file, pre_buffer=False).read(columns=list(reads), use_threads=False) for file in files]
    )


def check(
    engine: duckdb.DuckDBPyConnection, made: pa.Table, taken: pa.Table, table: Table, day: date
) -> tuple[dict[str, int], dict[str, int]]:
    """Hold the made rows against the table's rules and sums, by the same texts that Spark reads.

    Give the rows that break each warn rule, and the sums that the table conserves.
    """
    rules = table.rules_of("error", "warn")
    broken = [f"count_if(NOT coalesce({rule.expect}, false))" for rule in rules]
    counts = _ask(engine, made, [*broken, *(ours for ours, _ in table.conserves)])
    wrong = {rule: count for rule, count in zip(rules, counts, strict=False) if count}
    if errors := {rule.name: count for rule, count in wrong.items() if rule.severity == "error"}:
        raise RuleViolated(
            f"{table.full_name}, {day}: {errors} rows break rules that its own transform must keep; nothing was "
            f"written. Read the rule in tables, then mend the transform"
        )
    inputs = _ask(engine, taken, [theirs for _, theirs in table.conserves])
    sums: dict[str, int] = {}
    for (ours, theirs), left, right in zip(table.conserves, counts[len(rules) :], inputs, strict=True):
        sums[ours] = int(left or 0)
        if (left or 0) != (right or 0):
            raise RowsDoNotAddUp(
                f"{table.full_name}, {day}: {ours} is {left}, but {theirs} of its input is {right}; nothing was "
                f"written. Mend its transform, or the sums that it declares to conserve"
            )
    return {rule.name: count for rule, count in wrong.items()}, sums


def _ask(engine: duckdb.DuckDBPyConnection, rows: pa.Table, sums: list[str]) -> tuple[Any, ...]:
    """Give aggregates over Arrow rows, in one pass."""
    if not sums:
        return ()
    (found,) = engine.from_arrow(rows).aggregate(", ".join(sums)).fetchall()
    return tuple(found)
