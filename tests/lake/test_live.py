"""The live application on a real broker: what goes in comes out once, and what cannot go on says so."""

import json
import re
import threading
import time
from collections import Counter
from pathlib import Path

import pytest
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient
from deltalake import DeltaTable
from pyspark.sql import DataFrame, SparkSession

from spark_apps.errors import SchemaMismatch, ServiceFailed, StateMismatch
from spark_apps.kernels.layouts import Kind
from spark_apps.kernels.output_records import read_output
from spark_apps.kernels.outputs import LIVE_TABLES
from spark_apps.lake.checkpoints import committed
from spark_apps.lake.kafka import Publisher, create_topics, end_offsets, fold_input, fold_output, raw_topics, read_back
from spark_apps.lake.live import run_live
from spark_apps.lake.live_fold import fold_parameters
from spark_apps.lake.live_gold import GoldSink
from spark_apps.lake.location import checkpoint, location
from spark_apps.lake.services import Service
from spark_apps.market.replay import replay, replayed_columns
from spark_apps.tables.live import BARS_1M_LIVE, DUPLICATES_LIVE, LATE_LIVE, REFUSED_LIVE
from spark_apps.tables.model import Table
from spark_apps.tables.operations import STREAM_PROGRESS
from spark_apps.tables.sources import FOLD_INPUT, MESSAGES
from tests.drills.application import Application, application, rows_of
from tests.drills.market import DrillMarket, expected
from tests.lake.conftest import MARKET


def last_bars(lake: Application) -> dict[tuple[int, int], tuple[int, ...]]:
    """Give the last revision of each bar that still holds a trade, prices unscaled."""
    rows = lake.read(BARS_1M_LIVE).sort_by([("revision", "ascending")]).to_pylist()
    bars = {(row["instrument_id"], row["bar_start"]): row for row in rows}
    prices = ("open", "high", "low", "close")
    return {
        key: (*(int(row[name] * 10_000) for name in prices), row["volume"], row["trade_count"])
        for key, row in bars.items()
        if row["trade_count"]
    }


def in_generation(lake: Application, number: int) -> Application:
    live = lake.settings.live.model_copy(update={"generation": number})
    return Application(lake.settings.with_values(live=live))


def test_every_message_is_in_bronze_once(unbroken: Application) -> None:
    held = unbroken.read(MESSAGES)
    assert sorted(held["payload"].to_pylist()) == sorted(one.payload for one in MARKET.envelopes())
    assert sorted(held["source_seq"].to_pylist()) == sorted(one.source_seq for one in MARKET.envelopes())


def test_raw_messages_are_accepted_or_refused_or_late_or_duplicate(unbroken: Application) -> None:
    truth = expected(MARKET)
    set_aside = [unbroken.read(table).num_rows for table in (REFUSED_LIVE, LATE_LIVE, DUPLICATES_LIVE)]
    assert set_aside == [truth.refused, truth.late, truth.duplicate]
    channels = Counter(unbroken.read(MESSAGES)["channel"].to_pylist())
    assert channels["trade"] + channels["correction"] == truth.accepted + sum(set_aside)
    assert all(set_aside)


def test_the_last_revisions_equal_what_plain_counting_makes_of_the_seed(unbroken: Application) -> None:
    assert last_bars(unbroken) == expected(MARKET).bars


@pytest.mark.parametrize("table", LIVE_TABLES.values(), ids=lambda table: table.full_name)
def test_replay_from_bronze_gives_the_very_rows_of_the_stream(
    unbroken: Application, spark: SparkSession, table: Table
) -> None:
    records = spark.createDataFrame(unbroken.read(FOLD_INPUT).to_pandas())
    replayed = replay(records, table, fold_parameters(unbroken.settings)).toArrow()
    assert rows_of(replayed, table) == rows_of(unbroken.read(table), table)
    assert replayed.column_names == [column.name for column in replayed_columns(table)]


def test_a_changed_fold_is_refused_with_the_next_step(unbroken: Application, spark: SparkSession) -> None:
    live = unbroken.settings.live.model_copy(update={"lateness_seconds": 20})
    with pytest.raises(StateMismatch, match=r"state was .*'lateness': 10.*TAYHO_LIVE__GENERATION=2"):
        run_live(spark, unbroken.settings.with_values(live=live), threading.Event())


def is_progress_alone(lake: Application, topic: str, partition: int, start: int, end: int) -> bool:
    """Say whether no record between two offsets is of a table."""
    between = read_back(lake.settings.kafka, topic, partition, start, end)
    return {read_output(one.value)[0] for one in between} <= {Kind.PROGRESS}


@pytest.mark.parametrize("table", [MESSAGES, FOLD_INPUT, BARS_1M_LIVE], ids=lambda table: table.full_name)
def test_the_commits_of_a_table_name_every_offset_once(unbroken: Application, table: Table) -> None:
    """A micro-batch that holds no row of any live table, but how far the fold has come, makes no commit."""
    commits = reversed(DeltaTable(str(location(table, unbroken.settings))).history())
    said = [json.loads(commit["userMetadata"])["inputs"] for commit in commits if "userMetadata" in commit]
    reached: Counter[tuple[str, int]] = Counter()
    for inputs in said:
        for topic, partitions in inputs.items():
            for partition, (start, end) in partitions.items():
                before = reached[topic, int(partition)]
                assert start >= before
                assert is_progress_alone(unbroken, topic, int(partition), before, start)
                reached[topic, int(partition)] = end
    kafka = unbroken.settings.kafka
    wanted = {MESSAGES: raw_topics(kafka)[:1], FOLD_INPUT: [fold_input(kafka)], BARS_1M_LIVE: [fold_output(kafka)]}
    ends = end_offsets(kafka, wanted[table])
    assert {(topic, part) for topic, parts in ends.items() for part in parts} == reached.keys()
    assert all(is_progress_alone(unbroken, *place, end, ends[place[0]][place[1]]) for place, end in reached.items())


def test_a_record_without_a_value_is_refused_as_unreadable_and_kept(
    broker: Service, spark: SparkSession, tmp_path: Path
) -> None:
    lake = application(tmp_path, broker.address, "null_values")
    lake.feed(DrillMarket(seed=1, messages=50, minutes=1))
    calm = expected(DrillMarket(seed=1, messages=50, minutes=1)).refused
    producer = Producer({"bootstrap.servers": broker.address})
    for topic in (fold_input(lake.settings.kafka), raw_topics(lake.settings.kafka)[0]):
        producer.produce(topic, None, partition=0)
    producer.flush()
    lake.run_here(spark)
    reasons = lake.read(REFUSED_LIVE)["reason"].to_pylist()
    assert len(reasons) == calm + 1 and "record_is_readable" in reasons
    assert lake.read(FOLD_INPUT)["record"].to_pylist().count(b"") == 1
    assert lake.read(MESSAGES)["payload"].null_count == 1
    records = spark.createDataFrame(lake.read(FOLD_INPUT).to_pandas())
    replayed = replay(records, REFUSED_LIVE, fold_parameters(lake.settings)).toArrow()
    assert rows_of(replayed, REFUSED_LIVE) == rows_of(lake.read(REFUSED_LIVE), REFUSED_LIVE)


def test_a_query_that_dies_stops_the_application_and_is_named_with_its_cause(
    broker: Service, spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake = application(tmp_path, broker.address, "dies")
    lake.feed(DrillMarket(seed=1, messages=50, minutes=1))

    def fails(sink: GoldSink, records: DataFrame, batch: int) -> None:
        while not committed(checkpoint("bronze", lake.settings)):
            time.sleep(0.1)
        raise SchemaMismatch("gold: the disk is made of cheese. Eat it")

    monkeypatch.setattr(GoldSink, "write", fails)
    with pytest.raises(
        ServiceFailed,
        match=r"live query gold died: SchemaMismatch: gold: the disk is made of cheese\. Eat it\. The app",
    ):
        lake.run_here(spark)
    assert not spark.streams.active
    assert "bronze" in lake.read(STREAM_PROGRESS)["query"].to_pylist()


def test_a_new_generation_starts_behind_the_last_answer_and_waits_for_a_session(
    broker: Service, spark: SparkSession, tmp_path: Path
) -> None:
    lake = application(tmp_path, broker.address, "generations")
    lake.feed(DrillMarket(seed=1, messages=200, minutes=1))
    lake.run_here(spark)
    before = lake.read(BARS_1M_LIVE).num_rows
    in_generation(lake, 2).run_here(spark)  # answers nothing
    fourth = in_generation(lake, 4)
    fourth.feed(DrillMarket(seed=1, messages=200, minutes=1, day=1))
    fourth.run_here(spark)
    rows = fourth.read(BARS_1M_LIVE).to_pylist()
    assert len([row for row in rows if row["generation"] == 1]) == before
    assert {row["session_date"] for row in rows if row["generation"] == 4} == {DrillMarket(1, day=1).hours.session_date}
    with pytest.raises(StateMismatch, match=r"generation is 3, and 4 has followed.*TAYHO_LIVE__GENERATION=4"):
        in_generation(lake, 3).run_here(spark)


@pytest.fixture
def drained(broker: Service, spark: SparkSession, tmp_path: Path, request: pytest.FixtureRequest) -> Application:
    """Carry a few messages into tables of their own, in generation 1, until nothing is left."""
    lake = application(tmp_path, broker.address, re.sub(r"\W", "_", request.node.name).lower())
    lake.feed(DrillMarket(seed=1, messages=50, minutes=1))
    lake.run_here(spark)
    return lake


def test_a_new_generation_waits_until_the_tables_hold_all_of_the_old(drained: Application, spark: SparkSession) -> None:
    publisher = Publisher(drained.settings.kafka)
    publisher.send(fold_output(drained.settings.kafka), b"one more row of generation 1", 0)
    publisher.deliver()
    with pytest.raises(StateMismatch, match="generation 1 gave 1 records that nothing has read"):
        in_generation(drained, 2).run_here(spark)
    drained.run_here(spark)
    in_generation(drained, 2).run_here(spark)


def test_a_new_generation_waits_until_the_batch_of_the_old_has_ended(drained: Application, spark: SparkSession) -> None:
    unended = "has not ended its batch [0-9]+"
    for query, owed in (("standing", f"({unended}|gave [0-9]+ records that nothing has read)"), ("fold", unended)):
        commits = checkpoint(query, drained.settings) / "commits"
        last = max((path for path in commits.iterdir() if path.name.isdigit()), key=lambda path: int(path.name))
        kept = last.rename(commits.with_name("kept"))  # it died before Spark wrote this
        with pytest.raises(StateMismatch, match=rf"1 {owed}: .*TAYHO_LIVE__GENERATION=1.*start 2"):
            in_generation(drained, 2).run_here(spark)
        kept.rename(last)
    last.unlink()
    drained.run_here(spark)
    in_generation(drained, 2).run_here(spark)


def test_a_source_that_joins_is_read_from_its_head_and_one_that_leaves_is_refused(
    broker: Service, spark: SparkSession, tmp_path: Path
) -> None:
    both = application(tmp_path, broker.address, "joins")
    kafka = both.settings.kafka
    first = Application(both.settings.with_values(kafka=kafka.model_copy(update={"sources": ("sim",)})))
    create_topics(kafka)
    publisher = Publisher(kafka)
    for topic in raw_topics(kafka):
        publisher.send(topic, b"any", 0)
    publisher.deliver()
    first.run_here(spark)
    assert first.read(MESSAGES)["topic"].to_pylist() == ["joins.raw.sim"]
    both.run_here(spark)
    assert sorted(both.read(MESSAGES)["topic"].to_pylist()) == ["joins.raw.sim", "joins.raw.vn30f"]
    with pytest.raises(StateMismatch, match=r"topic_ids was .*joins.raw.vn30f.*start generation 2"):
        first.run_here(spark)


def test_a_topic_that_was_made_anew_is_refused_in_any_generation(drained: Application, spark: SparkSession) -> None:
    kafka = drained.settings.kafka
    topic = raw_topics(kafka)[0]
    admin = AdminClient({"bootstrap.servers": kafka.bootstrap_servers})
    admin.delete_topics([topic])[topic].result()
    create_topics(kafka)
    for generation in (1, 2):
        with pytest.raises(StateMismatch, match=rf"{topic}: made anew .*TAYHO_KAFKA__PREFIX"):
            in_generation(drained, generation).run_here(spark)


def test_the_wish_to_stop_ends_the_application_and_its_queries(unbroken: Application, spark: SparkSession) -> None:
    stop = threading.Event()
    threading.Timer(5, stop.set).start()
    run_live(spark, unbroken.settings, stop)
    assert stop.is_set()
    assert not spark.streams.active
