"""Give the rows that the live folds gave, from bronze.fold_input alone: the batch driver of the live folds."""

from functools import partial

import numpy as np
import pyarrow as pa
from pyspark.sql import DataFrame

from spark_apps.kernels.arrow import map_batches
from spark_apps.kernels.layouts import Kind
from spark_apps.kernels.outputs import LIVE_TABLES, output_tables
from spark_apps.kernels.parameters import FoldParameters
from spark_apps.kernels.records import join
from spark_apps.tables.live import OUR_CLOCKS
from spark_apps.tables.model import RUN_ID, Column, Table

OF_SECOND_FOLD = (Kind.STANDING, Kind.CROSS_SIGNAL)


def replay(records: DataFrame, table: Table, parameters: FoldParameters) -> DataFrame:
    """Fold the records of bronze.fold_input again and give the rows of one live table.

    Grain: as the table, without our own clocks and `run_id`. The records must begin where the generation began; for
    standings also where the second fold did, which passes over a session that was under way.
    """
    (kind,) = (kind for kind, each in LIVE_TABLES.items() if each == table)
    schema = ", ".join(column.ddl for column in replayed_columns(table))
    rows = records.select("topic_partition", "topic_offset", "record")
    # What crosses instruments needs all partitions in one place.
    dealt = rows.coalesce(1) if kind in OF_SECOND_FOLD else rows.repartition("topic_partition")
    return map_batches(dealt, partial(_fold, kind=kind, parameters=parameters), schema)


def replayed_columns(table: Table) -> tuple[Column, ...]:
    """Give the columns of a live table that follow from the records: all but our own clocks and the run."""
    return tuple(column for column in table.columns if column not in (*OUR_CLOCKS, RUN_ID))


def _fold(rows: pa.Table, kind: Kind, parameters: FoldParameters) -> pa.Table:
    """Fold each partition by itself, in order of offset; and what they gave by the second fold, for its table."""
    rows = rows.sort_by([("topic_partition", "ascending"), ("topic_offset", "ascending")])
    partitions, offsets = rows["topic_partition"].to_numpy(), rows["topic_offset"].to_numpy()
    parts, cross = [], parameters.cross_fold()
    for partition in np.unique(partitions).tolist():
        here = np.flatnonzero(partitions == partition)
        records = rows["record"].slice(int(here[0]), len(here)).to_pylist()
        given = parameters.fold(partition).apply(offsets[here], *join(records))
        parts.append(output_tables(*(cross.apply(*given)[:2] if kind in OF_SECOND_FOLD else given))[kind])
    names = [column.name for column in replayed_columns(LIVE_TABLES[kind])]
    return pa.concat_tables(parts).select(names)
