"""The raw topics and fold_input to bronze, every record, offset by offset."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from spark_apps.lake.checkpoints import Offsets
from spark_apps.lake.failpoints import reach
from spark_apps.lake.marks import Batch, Marks, ranges
from spark_apps.tables.model import Table
from spark_apps.tables.sources import FOLD_INPUT, MESSAGES

_TEXT = "try_validate_utf8(CAST(try_element_at(filter(headers, each -> each.key = '{name}'), 1).value AS STRING))"
_HEADERS = {
    "source": "STRING",
    "channel": "STRING",
    "source_seq": "BIGINT",
    "event_time": "BIGINT",
    "received_at": "BIGINT",
    "encoding": "STRING",
    "schema_version": "INT",
}


def place_records(records: DataFrame, run_id: str) -> DataFrame:
    """Name what Kafka gives as bronze does; a header that is missing or unreadable is empty, its payload stays.

    Grain: one row per Kafka record.
    """
    named = records.select(
        "topic",
        F.col("partition").alias("topic_partition"),
        F.col("offset").alias("topic_offset"),
        (F.unix_millis("timestamp") * 1_000_000).alias("broker_time"),
        *(F.expr(f"try_cast({_TEXT.format(name=name)} AS {kind})").alias(name) for name, kind in _HEADERS.items()),
        F.col("value").alias("payload"),
    )
    moment = F.timestamp_millis(F.expr("coalesce(received_at, broker_time) div 1000000"))
    return named.select(
        "*",
        F.to_date(F.from_utc_timestamp(moment, "Asia/Ho_Chi_Minh")).alias("ingest_date"),
        F.lit(run_id).alias("run_id"),
    )


@dataclass
class BronzeSink:
    """Append what is new of a micro-batch to bronze.messages and bronze.fold_input, one commit each."""

    fold_input: str
    topic_ids: dict[str, str]
    marks: Marks

    def begin(self, topics: Iterable[str], partitions: Iterable[int]) -> Offsets:
        """Give the first offsets that bronze lacks."""
        numbers = list(partitions)
        return {
            topic: {
                number: self.marks.at(self._table(topic), mark_of(self.topic_ids[topic], number)) + 1
                for number in numbers
            }
            for topic in topics
        }

    def write(self, records: DataFrame, batch: int) -> None:
        """Write one micro-batch; records at or below the mark of their partition are in already."""
        rows = place_records(records, self.marks.run_id).toArrow()
        if not rows.num_rows:
            return
        reach("bronze:after_offsets")
        is_input = pc.equal(rows["topic"], self.fold_input)
        self._append(MESSAGES, rows.filter(pc.invert(is_input)), batch)
        inputs = rows.filter(is_input)
        self._append(FOLD_INPUT, _as_records(inputs), batch)
        reach("bronze:after_commit")

    def _table(self, topic: str) -> Table:
        return FOLD_INPUT if topic == self.fold_input else MESSAGES

    def _append(self, table: Table, rows: pa.Table, batch: int) -> None:
        rows = rows.sort_by([("topic", "ascending"), ("topic_partition", "ascending"), ("topic_offset", "ascending")])
        topics = rows["topic"].combine_chunks().dictionary_encode()
        numbers, partitions = topics.indices.to_numpy(), rows["topic_partition"].to_numpy()
        places = {
            mark_of(self.topic_ids[topic], partition): np.flatnonzero((numbers == number) & (partitions == partition))
            for number, topic in enumerate(topics.dictionary.to_pylist())
            for partition in np.unique(partitions[numbers == number]).tolist()
        }
        inputs = ranges(rows["topic"], rows["topic_partition"], rows["topic_offset"])
        self.marks.append(table, rows, places, rows["topic_offset"].to_numpy(), Batch(batch, inputs))


def mark_of(topic_id: str, partition: int) -> str:
    """Name the mark of one partition of a topic."""
    return f"bronze:{topic_id}:{partition}"


def _as_records(rows: pa.Table) -> pa.Table:
    """Name payloads records; one without a value is an empty record, which the fold refuses as unreadable."""
    records = pc.fill_null(rows["payload"], b"")
    return rows.drop_columns("payload").append_column("record", records)
