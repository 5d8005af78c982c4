"""The driver of the second fold: a batch that comes again under its number gives the same rows, from the same state."""

import shutil
import threading
from pathlib import Path

import numpy as np
import pyarrow.compute as pc
import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.streaming.readwriter import DataStreamWriter

from spark_apps.errors import StateMismatch
from spark_apps.kernels.records import cut, join
from spark_apps.lake import live
from spark_apps.lake.kafka import Publisher, create_topics, end_offsets, fold_output, read_back
from spark_apps.lake.live_fold import STAMPS, fold_parameters
from spark_apps.lake.live_standing import KEPT_STATES, PARTITION, StandingSink, read_sections
from spark_apps.lake.location import checkpoint
from spark_apps.lake.reading import row_count
from spark_apps.lake.services import Service
from spark_apps.market.replay import replay
from spark_apps.tables.live import BARS_1M_LIVE, CROSS_SECTION_1M_LIVE
from spark_apps.tables.sources import FOLD_INPUT
from tests.drills.application import Application, application, rows_of
from tests.drills.market import DrillMarket
from tests.kernels.session import OPEN, clock, entry, trades

BATCHES = 4
STAMP = np.array((5, 6), STAMPS).tobytes()


@pytest.fixture
def lake(broker: Service, tmp_path: Path, request: pytest.FixtureRequest) -> Application:
    """Give a test topics of its own, in one partition."""
    made = application(tmp_path, broker.address, request.node.name)
    create_topics(made.settings.kafka)
    return made


def sink(lake: Application) -> StandingSink:
    """Give a sink as a start of the application makes it."""
    kafka = lake.settings.kafka
    return StandingSink(fold_output(kafka), fold_parameters(lake.settings), Publisher(kafka), lake.settings.lake_root)


def batches(spark: SparkSession, lake: Application) -> list[DataFrame]:
    """Cut what the first fold gives of four minutes into micro-batches of a minute, the session's opening first."""
    fold = fold_parameters(lake.settings).fold(0)
    frames = []
    for minute in range(BATCHES):
        opens = [OPEN] if minute == 0 else []
        traded = [entry(minute, 60 * minute + 5, 100 + one * minute, instrument_id=one) for one in (1, 2)]
        records = [*opens, trades(*traded), clock(60 * (minute + 1))]
        outputs = cut(*fold.apply(np.arange(len(records)) + 10 * minute, *join(records)))
        rows = [(0, 100 * minute + place, STAMP, value) for place, value in enumerate(outputs)]
        frames.append(spark.createDataFrame(rows, "partition INT, offset BIGINT, key BINARY, value BINARY"))
    return frames


def published(lake: Application) -> list[bytes]:
    kafka = lake.settings.kafka
    end = end_offsets(kafka, [fold_output(kafka)])[fold_output(kafka)][PARTITION]
    return [record.value for record in read_back(kafka, fold_output(kafka), PARTITION, 0, end)]


def test_a_batch_that_comes_again_after_a_kill_gives_the_same_rows(lake: Application, spark: SparkSession) -> None:
    given = batches(spark, lake)
    first = sink(lake)
    for number in range(3):
        first.write(given[number], number)
    told = published(lake)
    assert len(told) == 6
    again = sink(lake)  # the commit of batch 2 was not written
    again.write(given[2], 2)
    again.write(given[3], 3)
    assert published(lake)[6:8] == told[4:]
    calm = application(lake.settings.lake_root / "calm", lake.settings.kafka.bootstrap_servers, "calm_standing")
    create_topics(calm.settings.kafka)
    whole = sink(calm)
    for number in range(BATCHES):
        whole.write(given[number], number)
    assert published(calm) == told + published(lake)[8:]
    root, other = lake.settings.lake_root, calm.settings.lake_root
    assert read_sections(root, 3) == read_sections(other, 3) != read_sections(root, 2)


def test_files_of_the_last_batches_alone_are_kept(lake: Application, spark: SparkSession) -> None:
    one = sink(lake)
    for number, batch in enumerate(batches(spark, lake)):
        one.write(batch if number < 2 else batch.limit(0), number)  # nothing for the last two: the state stays
    files = {path.name: path.read_bytes() for path in (lake.settings.lake_root / "folds").iterdir()}
    assert files.keys() == {str(number) for number in range(BATCHES)[-KEPT_STATES:]}
    assert len(set(files.values())) == 1


def test_a_state_that_lost_bytes_or_is_lost_is_refused(lake: Application, spark: SparkSession) -> None:
    given = batches(spark, lake)
    sink(lake).write(given[0], 0)
    (file,) = (lake.settings.lake_root / "folds").iterdir()
    file.write_bytes(file.read_bytes()[:-1])
    with pytest.raises(StateMismatch, match="state section"):
        sink(lake).write(given[1], 1)
    for lost in (b"", file.read_bytes()[:5]):
        file.write_bytes(lost)
        with pytest.raises(StateMismatch, match="does not hold the second fold's state after batch 0. Start a new gen"):
            sink(lake).write(given[1], 1)
    file.unlink()
    with pytest.raises(StateMismatch, match="after batch 0"):
        sink(lake).write(given[1], 1)


def test_what_was_given_before_the_second_fold_had_begun_is_ranked(
    broker: Service, tmp_path: Path, spark: SparkSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stop an application whose gold query has gone ahead, as it may be in its first seconds."""
    lake = application(tmp_path, broker.address, "never_ranked", partitions=2)
    lake.feed(DrillMarket(seed=3, messages=300, instruments=4, minutes=2))
    begins, stop = live._Application._run, threading.Event()

    def without_ranks(self: live._Application, name: str, writer: DataStreamWriter, pause: str) -> None:
        if name != "standing":
            begins(self, name, writer, pause)

    def stop_once_read() -> None:
        while not stop.wait(0.2) and not row_count(BARS_1M_LIVE, lake.settings):
            pass
        stop.set()

    monkeypatch.setattr(live._Application, "_run", without_ranks)
    threading.Thread(target=stop_once_read).start()
    live.run_live(spark, lake.settings, stop)
    assert not row_count(CROSS_SECTION_1M_LIVE, lake.settings)
    monkeypatch.undo()
    lake.run_here(spark)
    records = spark.createDataFrame(lake.read(FOLD_INPUT).to_pandas())
    ranked = replay(records, CROSS_SECTION_1M_LIVE, fold_parameters(lake.settings)).toArrow()
    assert rows_of(lake.read(CROSS_SECTION_1M_LIVE), CROSS_SECTION_1M_LIVE) == rows_of(ranked, CROSS_SECTION_1M_LIVE)
    assert ranked.num_rows


def test_an_application_of_before_the_second_fold_goes_on_and_ranks_the_next_session(
    broker: Service, tmp_path: Path, spark: SparkSession
) -> None:
    """Take the second fold's checkpoint away between two sessions: such an application never had one."""
    lake = application(tmp_path, broker.address, "before_standing")
    for day in (0, 1):
        lake.feed(DrillMarket(seed=3, messages=300, instruments=4, minutes=2, day=day))
        lake.run_here(spark)
        if day == 0:
            before = lake.read(CROSS_SECTION_1M_LIVE)
            shutil.rmtree(checkpoint("standing", lake.settings).parent)
    told = lake.read(CROSS_SECTION_1M_LIVE)
    days = pc.value_counts(told["session_date"]).to_pylist()
    first, second = sorted(days, key=lambda day: day["values"])
    assert first["counts"] == before.num_rows > 0
    assert second["counts"] > 0
