"""The live driver of the second fold: what the first gave of all partitions to how bars stand and signals over that.

It runs in the application's own process, without a state operator: one state of some hundred kilobytes, kept whole in a
file per micro-batch inside the checkpoint. Spark gives a batch that was not committed again under its number, and the
file of the batch before it says where that begins: it gives the same rows again, which the gold query knows.
"""

import os
import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from spark_apps.errors import StateMismatch
from spark_apps.kernels.layouts import Kind
from spark_apps.kernels.parameters import FoldParameters
from spark_apps.kernels.records import cut
from spark_apps.kernels.reference import CrossFold
from spark_apps.lake.checkpoints import Offsets, newest
from spark_apps.lake.failpoints import reach
from spark_apps.lake.kafka import Publisher
from spark_apps.lake.live_fold import STAMPS, pack, unpack
from spark_apps.lake.live_gold import laid_out

# All standings leave by this partition of fold_output, in their order.
PARTITION = 0
# The files of so many batches are kept: of the last, and of the one before it, from which the last is given again.
KEPT_STATES = 2


@dataclass
class StandingSink:
    """Put micro-batches of fold_output through the second fold; it passes over what it gave itself."""

    topic: str
    parameters: FoldParameters
    publisher: Publisher
    checkpoint: Path
    _fold: CrossFold | None = None
    _sections: dict[int, bytes] = field(default_factory=dict)

    def write(self, records: DataFrame, batch: int) -> None:
        """Fold one micro-batch, publish how bars stand, then keep the state.

        A standing is stamped with the clock of the record by which the last partition came so far.
        """
        rows = records.where(_is_wanted()).select("partition", "offset", "key", "value").toArrow()
        reach("standing:after_offsets")
        fold, standings = self._fold or self._opened(batch), list[bytes]()
        if rows.num_rows:
            rows = rows.sort_by([("partition", "ascending"), ("offset", "ascending")])
            data, bounds, places = fold.apply(*laid_out(rows["value"]))
            standings = cut(data, bounds)
            self._publish(standings, _restamped(rows["key"].take(pa.array(places))))
        self._keep(fold, batch)
        if standings:  # a batch that gave nothing has nothing to give twice
            reach("standing:after_commit")

    def _publish(self, standings: list[bytes], keys: list[bytes]) -> None:
        for place, (standing, key) in enumerate(zip(standings, keys, strict=True)):
            if place == len(standings) // 2:
                self.publisher.deliver()
                reach("standing:inside_write")
            self.publisher.send(self.topic, standing, PARTITION, key)
        self.publisher.deliver()

    def _opened(self, batch: int) -> CrossFold:
        """Make the fold as it stood before a batch: the first that this process takes."""
        self._fold = self.parameters.cross_fold()
        self._sections = read_sections(self.checkpoint, batch - 1)
        self._fold.restore(self._sections.items())
        return self._fold

    def _keep(self, fold: CrossFold, batch: int) -> None:
        """Write the state after a batch, and forget those of long before."""
        self._sections.update(fold.touched())
        folder = _states(self.checkpoint)
        folder.mkdir(parents=True, exist_ok=True)
        draft = folder / f".{batch}.draft"
        with draft.open("wb") as file:
            file.write(pack(self._sections))
            file.flush()
            os.fsync(file.fileno())
        draft.replace(folder / str(batch))
        (folder / str(batch - KEPT_STATES)).unlink(missing_ok=True)


def first_to_rank(fold: Path, of_gold: Offsets) -> Offsets:
    """Give where the second fold begins that has begun no batch yet; `fold` is the first fold's checkpoint.

    In a new generation that is where the gold query begins. Once the first fold has begun, gold may have read what was
    never ranked: the second fold reads the topic from its head then, and passes over what is of other generations.
    """
    if newest(fold / "offsets") < 0:
        return of_gold
    return {topic: dict.fromkeys(numbers, 0) for topic, numbers in of_gold.items()}


def _restamped(keys: pa.ChunkedArray) -> list[bytes]:
    """Give the first fold's stamps, made now."""
    stamps = np.array([np.frombuffer(key, STAMPS)[0] for key in keys.to_pylist()], STAMPS)
    stamps["folded_at"] = time.time_ns()
    return [stamp.tobytes() for stamp in stamps]


def read_sections(checkpoint: Path, batch: int) -> dict[int, bytes]:
    """Give the sections as they stood after a batch, none before the first; raise StateMismatch where they are lost."""
    file = _states(checkpoint) / str(batch)
    if batch < 0:
        return {}
    sections: dict[int, bytes] = {}
    cause: Exception | None = None
    try:
        sections = dict(unpack(file.read_bytes()))
    except (FileNotFoundError, ValueError) as error:
        cause = error
    if not sections:
        raise StateMismatch(
            f"{file}: does not hold the second fold's state after batch {batch}. Start a new generation (settings"
            f" live.generation) between sessions"
        ) from cause
    return sections


def _states(checkpoint: Path) -> Path:
    return checkpoint / "folds"


def _is_wanted() -> Column:
    """Say whether a record is a bar, book or progress, with the clocks that the first fold stamps on its outputs."""
    kinds = [bytearray([each]) for each in (Kind.BAR, Kind.BOOK, Kind.PROGRESS)]
    return F.substring("value", 1, 1).isin(*kinds) & (F.octet_length("key") == STAMPS.itemsize)
