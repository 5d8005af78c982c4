"""What the live fold remembers, read from its checkpoint as of its last committed batch: for people who ask."""

from collections.abc import Iterator
from typing import NamedTuple

from pyspark.sql import SparkSession

from spark_apps.errors import BadQuery, EmptyInput
from spark_apps.kernels.reference_bar_session import Clock, Instrument
from spark_apps.lake.checkpoints import newest
from spark_apps.lake.live import fold_parameters
from spark_apps.lake.live_fold import LOG, unpack
from spark_apps.lake.location import checkpoint
from spark_apps.settings import Settings

STREAM = "fold"


class Held(NamedTuple):
    """Hold what is remembered of one instrument, in which partition, and how many bytes its sections take."""

    partition: int
    clock: Clock
    instrument_id: int
    instrument: Instrument
    size: int


def read_state(spark: SparkSession, settings: Settings, stream: str) -> list[Held]:
    """Give what a stream held after its last committed batch, by instrument.

    Raise BadQuery for a stream without a state, EmptyInput for one that has committed nothing, StateMismatch where the
    state is of other parameters.
    """
    if stream != STREAM:
        raise BadQuery(f"stream {stream!r} keeps no state; {STREAM!r} does")
    place = checkpoint(stream, settings)
    if newest(place / "commits") < 0:
        raise EmptyInput(f"{place}: holds no committed batch. Start the live application, or name its generation")
    _ = spark.streams.active  # Spark cannot load a state store in a session that was never asked for its streams
    log = spark.read.format("statestore").option("path", str(place)).option("stateVarName", LOG).load()
    kept: dict[int, dict[int, bytes]] = {}
    for partition, change in log.selectExpr("key.partition", "list_element.sections").collect():
        kept.setdefault(partition, {}).update(unpack(bytes(change)))
    return sorted(_held(kept, settings), key=lambda held: held.instrument_id)


def _held(kept: dict[int, dict[int, bytes]], settings: Settings) -> Iterator[Held]:
    for partition, sections in kept.items():
        clock, _, instruments = fold_parameters(settings).read(sections)
        for number, instrument in instruments.items():
            size = sum(len(sections.get(key, b"")) for key in (number, -number))
            yield Held(partition, clock, number, instrument, size)
