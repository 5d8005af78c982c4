"""The two upkeeps: append, and replace of whole slices. Both end in one Delta commit."""

import json
import time
import uuid
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from deltalake import CommitProperties, DeltaTable, PostCommitHookProperties, Transaction
from deltalake.transaction import AddAction, RemoveAction
from pyspark.sql import DataFrame

from spark_apps.lake.failpoints import reach
from spark_apps.lake.lease import lease
from spark_apps.lake.location import location
from spark_apps.lake.tables import arrow_schema, delta_schema, ensure
from spark_apps.settings import Settings
from spark_apps.tables.model import Table

# An append is over in moments: a run that has written its table waits for others to write theirs into ops.runs.
APPEND_SECONDS = 60
NO_HOOKS = PostCommitHookProperties(create_checkpoint=True, cleanup_expired_logs=False)


def replace(frame: DataFrame, table: Table, start: date, end: date, settings: Settings, metadata: str) -> None:
    """Replace the slices from start to end, inclusive, in one commit; Delta checks the constraints.

    Delta makes no commit where there is no row to write and none to take away; ours then says that the run was.
    """
    before = ensure(table, settings).version()
    with lease(table, settings):
        (
            frame.select(*table.column_names)
            .write.format("delta")
            .mode("overwrite")
            .option("replaceWhere", f"{table.time} >= DATE'{start}' AND {table.time} <= DATE'{end}'")
            .option("userMetadata", metadata)
            .save(str(location(table, settings)))
        )
        opened = ensure(table, settings)
        if opened.version() == before:
            _commit(opened, table, [], metadata)


def restore(table: Table, version: int, settings: Settings) -> None:
    """Make a table again what it was at a version, by a commit of its own that no run claims."""
    with lease(table, settings):
        ensure(table, settings).restore(version)


def append_arrow(
    table: Table, rows: pa.Table, settings: Settings, marks: Mapping[str, int], metadata: str, query: str = ""
) -> None:
    """Append rows in one commit together with high-water marks (application -> version)."""
    with lease(table, settings, APPEND_SECONDS):
        opened = ensure(table, settings)
        added: list[AddAction | RemoveAction] = [
            write_file(part, table, Path(location(table, settings)), values)
            for values, part in _partitions(rows.select(list(table.column_names)), table)
        ]
        reach(f"{query}:inside_write")
        _commit(opened, table, added, metadata, marks)


def _commit(
    opened: DeltaTable,
    table: Table,
    actions: list[AddAction | RemoveAction],
    metadata: str,
    marks: Mapping[str, int] | None = None,
) -> None:
    opened.create_write_transaction(
        actions,
        mode="append",
        schema=delta_schema(table),
        partition_by=list(table.partition_by),
        commit_properties=CommitProperties(
            custom_metadata={"userMetadata": metadata},
            app_transactions=[Transaction(app, version) for app, version in (marks or {}).items()],
        ),
        post_commithook_properties=NO_HOOKS,
    )


def _partitions(rows: pa.Table, table: Table) -> list[tuple[dict[str, str | None], pa.Table]]:
    """Cut rows by the table's partition column (at most one, a date)."""
    if not table.partition_by:
        return [({}, rows)]
    (name,) = table.partition_by
    days = pc.unique(rows[name])
    return [({name: str(day)}, rows.filter(pc.equal(rows[name], day))) for day in days]


def write_file(rows: pa.Table, table: Table, folder: Path, values: dict[str, str | None]) -> AddAction:
    """Write one Parquet file of one partition and describe it for the commit."""
    stored = rows.select([name for name in table.column_names if name not in values])
    stored = stored.cast(arrow_schema(tuple(column for column in table.columns if column.name not in values)))
    name = "".join(f"{key}={value}/" for key, value in values.items()) + f"part-{uuid.uuid4().hex}.zstd.parquet"
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    # Decimals as integers, as Spark writes them: readers take them in a quarter of the time. Doubles hardly repeat: a
    # dictionary of them costs as much as all else of a write, and twice the time of a read.
    repeating = [field.name for field in stored.schema if not pa.types.is_floating(field.type)]
    pq.write_table(stored, path, compression="zstd", store_decimal_as_integer=True, use_dictionary=repeating)
    return AddAction(
        path=name,
        size=path.stat().st_size,
        partition_values=values,
        modification_time=time.time_ns() // 1_000_000,
        data_change=True,
        stats=json.dumps({"numRecords": rows.num_rows, **_range(stored, table.time)}),
    )


def _range(rows: pa.Table, time: str) -> dict[str, dict[str, str]]:
    """Tell the first and the last day of rows that are not of one partition, for readers that skip files."""
    if time not in rows.column_names or not pa.types.is_date(rows.schema.field(time).type) or not rows.num_rows:
        return {}
    found = pc.min_max(rows[time]).as_py()
    return {name: {time: str(found[kind])} for name, kind in (("minValues", "min"), ("maxValues", "max"))}


def replace_files(
    opened: DeltaTable, table: Table, added: list[AddAction | RemoveAction], days: list[date], metadata: str
) -> None:
    """Replace whole day partitions by files that workers have written, in one commit."""
    (name,) = table.partition_by
    opened.create_write_transaction(
        added,
        mode="overwrite",
        schema=delta_schema(table),
        partition_by=[name],
        partition_filters=[(name, "in", [str(day) for day in days])],
        commit_properties=CommitProperties(custom_metadata={"userMetadata": metadata}),
        post_commithook_properties=NO_HOOKS,
    )


def replace_rows(
    opened: DeltaTable,
    table: Table,
    folder: Path,
    added: Sequence[AddAction | RemoveAction],
    days: tuple[date, date],
    metadata: str,
) -> None:
    """Replace the days from first to last of a table that is not cut by day, in one commit.

    A file that holds other days, too, is written anew without these.
    """
    first, last = days
    now, actions = time.time_ns() // 1_000_000, list[AddAction | RemoveAction](added)
    held = pa.table(opened.get_add_actions(flatten=True)).to_pylist()
    for file in held:
        begins, ends = (file.get(f"{edge}.{table.time}") for edge in ("min", "max"))
        is_known = begins is not None and ends is not None
        if is_known and (ends < first or begins > last):
            continue
        actions.append(RemoveAction(file["path"], True, now, file["size_bytes"], {}))
        if is_known and first <= begins and ends <= last:
            continue
        rows = pq.read_table(folder / file["path"], partitioning=None)
        day = rows[table.time]
        others = rows.filter(pc.or_(pc.less(day, pa.scalar(first)), pc.greater(day, pa.scalar(last))))
        if others.num_rows:
            actions.append(write_file(others, table, folder, {}))
    _commit(opened, table, actions, metadata)


def mark(table: Table, application: str, settings: Settings) -> int:
    """Read a high-water mark from the table's own log; -1 where there is none."""
    version = ensure(table, settings).transaction_version(application)
    return -1 if version is None else version
