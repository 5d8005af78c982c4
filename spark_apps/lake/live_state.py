"""What the live folds remember, read from their checkpoints as of the last committed batch: for people who ask."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from pyspark.sql import SparkSession

from spark_apps.errors import EmptyInput
from spark_apps.kernels.reference_bar_session import Clock, Instrument
from spark_apps.kernels.reference_cross_state import State
from spark_apps.lake import live_standing
from spark_apps.lake.checkpoints import newest
from spark_apps.lake.live_fold import LOG, fold_parameters, unpack
from spark_apps.lake.location import checkpoint
from spark_apps.settings import Settings


class Held(NamedTuple):
    """Hold what is remembered of one instrument, in which partition, and how many bytes its sections take."""

    partition: int
    clock: Clock
    instrument_id: int
    instrument: Instrument
    size: int


def read_fold(spark: SparkSession, settings: Settings) -> list[Held]:
    """Give what the fold held after its last committed batch, by instrument.

    Raise EmptyInput where it has committed nothing, StateMismatch where the state is of other parameters.
    """
    place = _committed(settings, "fold")
    _ = spark.streams.active  # Spark cannot load a state store in a session that was never asked for its streams
    log = spark.read.format("statestore").option("path", str(place)).option("stateVarName", LOG).load()
    kept: dict[int, dict[int, bytes]] = {}
    for partition, change in log.selectExpr("key.partition", "list_element.sections").collect():
        kept.setdefault(partition, {}).update(unpack(bytes(change)))
    return sorted(_held(kept, settings), key=lambda held: held.instrument_id)


def read_standing(settings: Settings) -> State:
    """Give what the second fold held after its last committed batch; raise as read_fold does."""
    place = _committed(settings, "standing")
    return fold_parameters(settings).read_cross(live_standing.read_sections(place, newest(place / "commits")))


def _committed(settings: Settings, stream: str) -> Path:
    """Give the checkpoint of a stream; raise EmptyInput where it holds no committed batch."""
    place = checkpoint(stream, settings)
    if newest(place / "commits") < 0:
        raise EmptyInput(f"{place}: holds no committed batch. Start the live application, or name its generation")
    return place


def _held(kept: dict[int, dict[int, bytes]], settings: Settings) -> Iterator[Held]:
    for partition, sections in kept.items():
        clock, _, instruments = fold_parameters(settings).read(sections)
        for number, instrument in instruments.items():
            size = sum(len(sections.get(key, b"")) for key in (number, -number))
            yield Held(partition, clock, number, instrument, size)
