"""The tasks of the fold driver: whole instruments in a task, Parquet in, rows and states as Parquet out.

As in lake/files.py rows never cross between the JVM and Python: Spark hands out numbers of tasks. Every task reads the
files of the slice, keeps its own instruments, and folds them from the states that they open from.
"""

from collections.abc import Callable
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from spark_apps.kernels.arrow import sorted_rows
from spark_apps.lake.job import Slice
from spark_apps.lake.tables import arrow_type
from spark_apps.lake.writing import write_file
from spark_apps.tables.model import Table

# What a worker tells of each file that it has written; rows_in stands once, with the file of states.
WRITTEN = {"table": "STRING", "session_date": "DATE", "rows_in": "BIGINT", "rows_out": "BIGINT",
           "path": "STRING", "size": "BIGINT", "stats": "STRING"}  # fmt: skip


class Fold(NamedTuple):
    """Hold what every task needs: files with the session of each where they are cut by session, and opening states.

    `transform` takes the rows of some instruments and their opening states, and gives folded rows with states in order
    of time.
    """

    transform: Callable[[pa.Table, pa.Table], pa.Table]
    table: Table
    states: Table
    source: Table
    reads: tuple[str, ...]
    folders: dict[str, Path]
    run_id: str
    since: date
    days: Slice
    files: list[tuple[str, date | None]]
    opening: pa.Table


def fold_instruments(fold: Fold, dealt: pa.Table) -> pa.Table:
    """Fold the instruments of each task that was dealt, and write what they come to; runs in a worker."""
    written = [row for task in dealt.to_pylist() for row in _fold_task(fold, task["first"], task["step"])]
    return pa.Table.from_pylist(written, pa.schema({name: arrow_type(kind) for name, kind in WRITTEN.items()}))


def _fold_task(fold: Fold, first: int, step: int) -> list[dict[str, object]]:
    taken = pa.concat_tables(
        [_own(_read(fold, file, day), first, step) for file, day in fold.files] or [_shape(fold).empty_table()]
    )
    made = fold.transform(taken, _own(fold.opening, first, step))
    made = _between(made, fold.days.start, fold.days.end)
    made = made.append_column("run_id", pa.repeat(fold.run_id, made.num_rows))
    closing = closing_states(made)
    counted = _between(taken, fold.days.start, fold.days.end).num_rows
    said = [_write(fold, fold.states, closing, None, counted)]
    if not fold.table.partition_by:
        return [*said, _write(fold, fold.table, made, None)]
    days = made["session_date"].to_numpy()
    cuts = [0, *(np.flatnonzero(days[1:] != days[:-1]) + 1).tolist(), len(days)]  # rows come in order of time
    parts = [made.slice(begin, end - begin) for begin, end in pairwise(cuts) if end > begin]
    return [*said, *(_write(fold, fold.table, part, part["session_date"][0].as_py()) for part in parts)]


def _shape(fold: Fold) -> pa.Schema:
    """Give the columns that are read, all of them nullable: files of one table differ in what they say of that."""
    types = {column.name: column.type for column in fold.source.columns}
    return pa.schema([(name, arrow_type(types[name])) for name in fold.reads])


def _read(fold: Fold, file: str, day: date | None) -> pa.Table:
    """Read what the fold needs of one file, from the first day on."""
    wanted = [name for name in fold.reads if day is None or name != "session_date"]
    rows = pq.ParquetFile(file, pre_buffer=False).read(columns=wanted, use_threads=False)
    if day is not None:  # a file of one session, and of the slice or before it in the year
        rows = rows.append_column("session_date", pa.repeat(day, rows.num_rows))
    rows = rows.select(fold.reads).cast(_shape(fold))
    return rows if day is not None else _between(rows, fold.since, fold.days.end)


def _own(rows: pa.Table, first: int, step: int) -> pa.Table:
    """Keep the instruments of one task."""
    return rows.filter(pa.array(rows["instrument_id"].to_numpy() % step == first))


def _between(rows: pa.Table, start: date, end: date) -> pa.Table:
    days = rows["session_date"]
    return rows.filter(pc.and_(pc.greater_equal(days, pa.scalar(start)), pc.less_equal(days, pa.scalar(end))))


def closing_states(made: pa.Table) -> pa.Table:
    """Reduce folded rows, in order of time, to one row per instrument and session.

    Each has the hashes of its opening and its closing state, and the state if it is kept.
    """
    kept = made.select(["instrument_id", "session_date", "opening_hash", "closing_hash", "state", "run_id"])
    rows = sorted_rows(kept, "instrument_id")
    keys = [rows["instrument_id"].to_numpy(), rows["session_date"].cast(pa.int32()).to_numpy()]
    is_other = np.any([key[1:] != key[:-1] for key in keys], axis=0)
    edge = np.ones(min(1, rows.num_rows), bool)
    first, last = rows.filter(np.append(edge, is_other)), rows.filter(np.append(is_other, edge))
    return last.select(["instrument_id", "session_date", "closing_hash", "state", "run_id"]).append_column(
        "opening_hash", first["opening_hash"]
    )


def _write(fold: Fold, table: Table, rows: pa.Table, day: date | None, counted: int = 0) -> dict[str, object]:
    values = {} if day is None else {"session_date": str(day)}
    action = write_file(rows.select(list(table.column_names)), table, fold.folders[table.full_name], dict(values))
    return {
        "table": table.full_name,
        "session_date": day,
        "rows_in": counted,
        "rows_out": rows.num_rows,
        "path": action.path,
        "size": action.size,
        "stats": action.stats,
    }
