"""The output of the fold to the live tables, each row once, whatever Spark's Kafka sink repeats after a kill."""

import time
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import structlog
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from spark_apps.kernels.layouts import Bytes, Ints, Kind
from spark_apps.kernels.output_records import output_kinds
from spark_apps.kernels.outputs import LIVE_TABLES, output_tables
from spark_apps.lake.checkpoints import Offsets
from spark_apps.lake.failpoints import reach
from spark_apps.lake.live_fold import STAMPS
from spark_apps.lake.marks import Batch, Marks, ranges
from spark_apps.tables.live import BARS_1M_LIVE
from spark_apps.tables.model import Table

logger = structlog.get_logger(__name__)

ORDINAL_BITS = 20


@dataclass
class GoldSink:
    """Append what is new of a micro-batch of fold_output to the live tables, one commit each."""

    topic: str
    topic_id: str
    marks: Marks

    def begin(self, partitions: Iterable[int]) -> Offsets:
        """Give the first offsets of fold_output that the live tables lack."""
        return {
            self.topic: {
                number: self.marks.at(BARS_1M_LIVE, read_mark(self.topic_id, number)) + 1 for number in partitions
            }
        }

    def answered(self, generation: int, partitions: Iterable[int]) -> dict[int, int]:
        """Give the offsets of fold_input behind the last record that caused a row of a generation."""
        return {
            number: 1
            + max(self.marks.at(table, mark_of(generation, number)) >> ORDINAL_BITS for table in LIVE_TABLES.values())
            for number in partitions
        }

    def write(self, records: DataFrame, batch: int) -> None:
        """Write one micro-batch; a row whose (offset, ordinal) is not above the mark of its cause is in already."""
        emitted_at = (F.unix_millis("timestamp") * 1_000_000).alias("emitted_at")
        rows = records.select("partition", "offset", "key", "value", emitted_at).toArrow()
        if not rows.num_rows:
            return
        reach("gold:after_offsets")
        rows = rows.sort_by([("partition", "ascending"), ("offset", "ascending")])
        topics = pa.chunked_array([pa.repeat(self.topic, len(rows))])
        made_from = Batch(batch, ranges(topics, rows["partition"], rows["offset"]))
        kinds = output_kinds(*laid_out(rows["value"]))
        self._name_strangers(rows.filter(pa.array(kinds == 0)))
        if not np.isin(kinds, [*LIVE_TABLES]).any():
            return  # progress alone comes every second: a commit of marks for it would be one a batch
        tables = output_tables(*laid_out(rows["value"].filter(pa.array(kinds > 0))))
        stamped = _stamps(rows["key"]).append_column("emitted_at", rows["emitted_at"])
        for kind, table in LIVE_TABLES.items():
            clocks = stamped.filter(pa.array(kinds == kind))
            made = {name: part[name] for part in (tables[kind], clocks) for name in part.column_names}
            self._append(table, pa.table(made), self._read_up_to(rows, kind), made_from)
        reach("gold:after_commit")

    def _name_strangers(self, rows: pa.Table) -> None:
        """Say which records are no output of this fold; nothing is made of them, and the topic keeps them."""
        for partition, offset in zip(rows["partition"].to_pylist(), rows["offset"].to_pylist(), strict=True):
            logger.error(
                "no output of this fold: left out. Look for what else writes to the topic;"
                " a replay of bronze.fold_input says whether the live tables lack a row",
                topic=self.topic,
                partition=partition,
                offset=offset,
            )

    def _append(self, table: Table, rows: pa.Table, also: dict[str, int], batch: Batch) -> None:
        generations, partitions = rows["generation"].to_numpy(), rows["input_partition"].to_numpy()
        places = {
            mark_of(generation, partition): np.flatnonzero((generations == generation) & (partitions == partition))
            for generation, partition in set(zip(generations.tolist(), partitions.tolist(), strict=True))
        }
        versions = (rows["input_offset"].to_numpy() << ORDINAL_BITS) | rows["ordinal"].to_numpy()
        for name, value in (("run_id", self.marks.run_id), ("written_at", time.time_ns())):
            rows = rows.append_column(name, pa.repeat(value, len(rows)))
        self.marks.append(table, rows, places, versions, batch, also)

    def _read_up_to(self, rows: pa.Table, kind: Kind) -> dict[str, int]:
        """Name the last offset of fold_output in the batch, per partition; only for the table that commits last."""
        if kind != Kind.BAR:
            return {}
        places = zip(rows["partition"].to_pylist(), rows["offset"].to_pylist(), strict=True)
        return {read_mark(self.topic_id, partition): offset for partition, offset in places}


def mark_of(generation: int, partition: int) -> str:
    """Name the mark of what one generation made of one partition of fold_input."""
    return f"fold:{generation}:{partition}"


def read_mark(topic_id: str, partition: int) -> str:
    """Name the mark that says how far a partition of fold_output is read."""
    return f"fold_output:{topic_id}:{partition}"


def _stamps(keys: pa.ChunkedArray) -> pa.Table:
    """Read the fold's clocks out of keys; empty where a record has no such key."""
    known = pc.fill_null(pc.equal(pc.binary_length(keys), STAMPS.itemsize), False)
    data, bounds = laid_out(pc.if_else(known, keys, bytes(STAMPS.itemsize)))
    stamps, unknown = data[bounds[0] : bounds[-1]].view(STAMPS), np.invert(known.to_numpy())
    return pa.table({name: pa.array(np.ascontiguousarray(stamps[name]), mask=unknown) for name in STAMPS.names or ()})


def laid_out(values: pa.ChunkedArray) -> tuple[Bytes, Ints]:
    """Give the bytes of a binary column side by side, and where each value begins and ends, without a copy."""
    array = values.combine_chunks().cast(pa.large_binary())
    bounds = np.frombuffer(array.buffers()[1], np.int64)[array.offset : array.offset + len(array) + 1]
    return np.frombuffer(array.buffers()[2], np.uint8), bounds
