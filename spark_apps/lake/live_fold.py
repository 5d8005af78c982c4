"""The live driver of the bar fold: fold_input through one state per Kafka partition to fold_output."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.sql.streaming.stateful_processor import StatefulProcessor, StatefulProcessorHandle
from pyspark.sql.types import BinaryType, LongType, StructField, StructType

from spark_apps.kernels.layouts import Ints
from spark_apps.kernels.output_records import causes
from spark_apps.kernels.parameters import FoldParameters
from spark_apps.kernels.records import cut, join
from spark_apps.kernels.reference import BarFold
from spark_apps.lake.failpoints import is_set, reach
from spark_apps.settings import Settings

# The clocks that only the fold's driver can read. They travel as the record's key, which nothing else needs, beside the
# bytes that a replay must give again.
STAMPS = np.dtype([("caused_at", "<i8"), ("folded_at", "<i8")])
OUTPUT = "partition INT, key BINARY, value BINARY"
# Schemas as objects: a text would cost a round trip to the JVM in every task.
SECTIONS = StructType([StructField("sections", BinaryType())])
VERSION = StructType([StructField("version", LongType())])


BAR_SECONDS = 60
LOG = "log"
# A log of sections is written anew once it is so many times as long as what it says.
LONGEST_LOG = 4


@dataclass
class _Kept:
    """Hold a fold as it stands after version `version` of its state was written, and how long its log is."""

    fold: BarFold
    sections: dict[int, bytes] = field(default_factory=dict)
    version: int = 0
    logged: int = 0


# Live folds of this worker, by (run, partition). One is used again only where the state store says the same version:
# a retried task, another worker or a restart restores from the store instead.
_KEPT: dict[tuple[str, int], _Kept] = {}


class FoldProcessor(StatefulProcessor):
    """Carry a BarFold per partition through the micro-batches; a thin shell without a decision of its own."""

    def __init__(self, parameters: FoldParameters, run_id: str, group: int) -> None:
        """Keep what every worker needs; `run_id` names the start of the application, `group` its processes."""
        self.parameters = parameters
        self.run_id = run_id
        self.group = group

    def init(self, handle: StatefulProcessorHandle) -> None:
        """Open the two states: the log of touched sections, and how often it was written."""
        self.log = handle.getListState(LOG, SECTIONS)
        self.version = handle.getValueState("version", VERSION)

    def handleInputRows(  # noqa: N802 - Spark's name
        self,
        key: Any,
        rows: Iterator[pd.DataFrame],
        timerValues: Any,  # noqa: ARG002, N803 - Spark's name
    ) -> Iterator[pd.DataFrame]:
        """Apply the records of one partition in order of offset, keep the state, give the outputs."""
        partition = int(key[0])
        reach("fold:after_offsets", self.group)
        batch = pd.concat(rows, ignore_index=True).sort_values("offset")
        kept = self._current(partition)
        # A record without a value is no record that the fold can read, and says so as one.
        records = [value or b"" for value in batch["value"].tolist()]
        offsets = batch["offset"].to_numpy(np.int64)
        data, bounds = kept.fold.apply(offsets, *join(records))
        kept.version += 1
        self._write(kept, dict(kept.fold.touched()))
        self.version.update((kept.version,))
        _KEPT[self.run_id, partition] = kept
        places = np.searchsorted(offsets, causes(data, bounds)["input_offset"])
        outputs = _frame(partition, cut(data, bounds), batch["broker_time"].to_numpy(np.int64)[places])
        half = len(outputs) // 2 if is_set("fold:inside_write") else 0
        if half:
            yield outputs[:half]
            reach("fold:inside_write", self.group, wait=1)
        yield outputs[half:]

    def _write(self, kept: _Kept, touched: dict[int, bytes]) -> None:
        """Append what was touched to the log, or begin it anew with everything once it has grown too long."""
        kept.sections.update(touched)
        change = pack(touched)
        whole = sum(len(section) for section in kept.sections.values())
        if kept.logged + len(change) > LONGEST_LOG * whole:
            change = pack(kept.sections)
            self.log.put([(change,)])
            kept.logged = len(change)
        else:
            self.log.appendValue((change,))
            kept.logged += len(change)

    def _current(self, partition: int) -> _Kept:
        """Give the fold of a partition in the very version that the state store holds."""
        stored = self.version.get()
        version = int(stored[0]) if stored else 0
        kept = _KEPT.pop((self.run_id, partition), None)  # kept again only once this batch is through
        if kept is None or kept.version != version:
            kept = _Kept(self.parameters.fold(partition), version=version)
            for (change,) in self.log.get() if version else ():
                kept.sections.update(unpack(bytes(change)))
                kept.logged += len(change)
            kept.fold.restore(kept.sections.items())
        return kept


def _frame(partition: int, outputs: list[bytes], caused_at: Ints) -> pd.DataFrame:
    stamps = np.empty(len(outputs), STAMPS)
    stamps["caused_at"], stamps["folded_at"] = caused_at, time.time_ns()
    keys = cut(stamps.view(np.uint8), np.arange(len(stamps) + 1) * STAMPS.itemsize)
    return pd.DataFrame({"partition": np.full(len(outputs), partition, np.int32), "key": keys, "value": outputs})


def pack(sections: dict[int, bytes]) -> bytes:
    """Write sections one after another: number i32, length i32, bytes."""
    return b"".join(np.array((n, len(s)), "<i4").tobytes() + s for n, s in sections.items())


def unpack(blob: bytes) -> Iterator[tuple[int, bytes]]:
    """Read what `pack` wrote."""
    place = 0
    while place < len(blob):
        number, length = np.frombuffer(blob, "<i4", 2, place).tolist()
        yield number, blob[place + 8 : place + 8 + length]
        place += 8 + length


def fold_parameters(settings: Settings) -> FoldParameters:
    """Give the parameters of the live folds that the settings ask for."""
    live, features = settings.live, settings.features
    seconds = (BAR_SECONDS, live.lateness_seconds, live.ahead_seconds)
    width, lateness, ahead = (each * 1_000_000_000 for each in seconds)
    parts = settings.kafka.partitions
    return FoldParameters(width, lateness, ahead, live.tail_limit, live.generation, parts, features.native_kernels)


def fold_stream(records: DataFrame, processor: FoldProcessor) -> DataFrame:
    """Put a stream of fold_input through the fold.

    Grain: one row per output record; `partition` is that of the input, so order per partition is kept.
    """
    return (
        records.select("partition", "offset", "value", (F.unix_millis("timestamp") * 1_000_000).alias("broker_time"))
        .groupBy("partition")
        .transformWithStateInPandas(processor, OUTPUT, "Append", "None")
    )
