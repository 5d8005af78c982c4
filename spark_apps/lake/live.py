"""The live application: four queries, each with its own checkpoint; if one dies, the application stops and names it.

bronze    raw topics and fold_input to bronze.messages and bronze.fold_input
fold      fold_input through the bar fold to fold_output
standing  what all partitions gave to fold_output through the second fold, back to fold_output
gold      fold_output to gold.bars_1m_live and its neighbours, late, quarantine and duplicate tables

A new generation starts behind the last record that caused a row of one before it. It opens without a state: it refuses
every trade (session_is_open) until the next session opens, with its seeds. So change it between sessions.
"""

import json
import os
import threading
from dataclasses import replace

import structlog
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.streaming.query import StreamingQuery
from pyspark.sql.streaming.readwriter import DataStreamWriter

from spark_apps.errors import ServiceFailed, StateMismatch
from spark_apps.kernels.layouts import VERSION
from spark_apps.kernels.reference_bar_state import LAYOUT
from spark_apps.kernels.reference_cross_sections import LAYOUT as CROSS_LAYOUT
from spark_apps.lake.checkpoints import Offsets, behind, claim, claimed, committed, is_at_rest, open_batch
from spark_apps.lake.failpoints import watch_commit_entries
from spark_apps.lake.kafka import (
    Publisher,
    create_topics,
    end_offsets,
    fold_input,
    fold_output,
    raw_topics,
    spark_connection,
    topic_ids,
)
from spark_apps.lake.lease import alone
from spark_apps.lake.live_bronze import BronzeSink
from spark_apps.lake.live_fold import FoldProcessor, fold_parameters, fold_stream
from spark_apps.lake.live_gold import GoldSink
from spark_apps.lake.live_progress import LiveProgress
from spark_apps.lake.live_standing import StandingSink, first_to_rank
from spark_apps.lake.location import checkpoint
from spark_apps.lake.marks import Marks
from spark_apps.lake.provenance import Provenance, RunReport, record_run
from spark_apps.lake.worker_errors import cause_of
from spark_apps.settings import Settings
from spark_apps.tables.indicators import CHOSEN

logger = structlog.get_logger(__name__)

JOB = "live"
# What a generation of its own has, beside bronze.
FOLDED = ("fold", "standing", "gold")
POLL_SECONDS = 0.25
# Progress comes every second from each partition: to look at it more often would cost the first fold its cores.
STANDING_PAUSE = "500 milliseconds"
# An output that expired while later ones arrive would be taken for one that is in already: the sink waits instead.
ENDLESS = {"kafka.delivery.timeout.ms": str(2**31 - 1)}
# A consumer asks for more as soon as it has been answered. The broker takes one question of a connection at a time, so
# Spark's next one, where the partition ends, would wait until more has come: half a second, per partition and batch.
IMPATIENT = {"kafka.fetch.max.wait.ms": "5"}
# Counting the keys of the state in every batch costs a read that nobody looks at.
UNCOUNTED = "spark.sql.streaming.stateStore.rocksdb.trackTotalNumberOfRows"


def run_live(
    spark: SparkSession, settings: Settings, stop: threading.Event, until_idle: bool = False
) -> dict[str, int]:
    """Run the queries until `stop` is set, or until all that is published now is in the tables.

    Give the rows that were added, by table.

    Raise StateMismatch for a checkpoint that was made for something else, ServiceFailed naming a query that died.
    """
    with alone(JOB, settings, "the live application"):
        create_topics(settings.kafka)
        application = _Application(spark, settings)
        try:
            application.start()
            application.watch(stop, until_idle)
        finally:
            application.close()
        return application.added


class _Application:
    """Hold the queries of one start."""

    def __init__(self, spark: SparkSession, settings: Settings) -> None:
        self.spark = spark.newSession()  # settings of a stream are of no business to other users of the session
        self.settings = settings
        self.broker = spark_connection(settings.kafka)
        self.inputs = [*raw_topics(settings.kafka), fold_input(settings.kafka)]
        self.output = fold_output(settings.kafka)
        self.ids = topic_ids(settings.kafka, [*self.inputs, self.output])
        self.provenance = Provenance(JOB, None, None, {}, settings.fingerprint)
        self.marks = {query: Marks(settings, query, self.provenance) for query in ("bronze", "gold")}
        self.progress = LiveProgress(settings, self.provenance)
        self.begins: dict[str, Offsets] = {}
        self.queries: dict[str, StreamingQuery] = {}

    def start(self) -> None:
        """Check the fingerprints, find where each query begins, start them all and record the start."""
        self.spark.conf.set(UNCOUNTED, "false")
        self.spark.conf.set("spark.sql.shuffle.partitions", str(self.settings.kafka.partitions))
        self._refuse_past_generation()
        self._refuse_topics_made_anew()
        bronze = BronzeSink(fold_input(self.settings.kafka), self.ids, self.marks["bronze"])
        gold = GoldSink(self.output, self.ids[self.output], self.marks["gold"])
        parameters, place = fold_parameters(self.settings), checkpoint("standing", self.settings)
        self.standing = StandingSink(self.output, parameters, Publisher(self.settings.kafka), place)
        partitions = range(self.settings.kafka.partitions)
        self.begins = {"bronze": bronze.begin(self.inputs, partitions), "gold": gold.begin(partitions)}
        self.begins["standing"] = first_to_rank(checkpoint("fold", self.settings), self.begins["gold"])
        self.begins["fold"] = {self.inputs[-1]: self._fold_begin(gold, partitions)}
        self._claim_checkpoints()
        self.spark.streams.addListener(self.progress)
        pause = f"{self.settings.live.batch_seconds} seconds"
        self._run("bronze", self._records("bronze").writeStream.foreachBatch(bronze.write), pause)
        self._run("gold", self._records("gold").writeStream.foreachBatch(gold.write), pause)
        folded = fold_stream(self._records("fold"), FoldProcessor(parameters, self.provenance.run_id, os.getpgid(0)))
        to_output = folded.writeStream.format("kafka").options(**self.broker, **ENDLESS, topic=self.output)
        self._run("fold", to_output, "0 seconds")
        record_run(replace(self.provenance, inputs=dict(self.begins)), RunReport(JOB, "started"), self.settings)
        logger.info("live application runs", run_id=self.provenance.run_id, begins=self.begins)

    def watch(self, stop: threading.Event, until_idle: bool) -> None:
        """Wait for a query that dies, for the wish to stop, or until everything published so far is in."""
        wanted = end_offsets(self.settings.kafka, self.inputs) if until_idle else {}
        while not stop.wait(POLL_SECONDS):
            self.progress.write_when_due()
            # Spark gives the fold's Python ten seconds to start: nothing new may take the cores until it has.
            if "standing" not in self.queries and self.queries["fold"].lastProgress is not None:
                records = self._records("standing").writeStream.foreachBatch(self.standing.write)
                self._run("standing", records, STANDING_PAUSE)
            for name, query in self.queries.items():
                if not query.isActive:
                    cause = query.exception()
                    raise ServiceFailed(
                        f"live query {name} died: {cause_of(cause) if cause else 'it ended by itself'}."
                        " The application stops; mend the cause and start it again (`tayho live`, or the `tayho run`"
                        " that began it), it goes on where it was"
                    ) from cause
            if until_idle and self._is_idle(wanted):
                return

    def close(self) -> None:
        """Stop the queries; what they have not committed they do again at the next start. Write how they did."""
        for query in self.queries.values():
            query.stop()
        if self.queries:
            self.progress.close(len(self.queries))
            self.spark.streams.removeListener(self.progress)
        logger.info("live application ends", run_id=self.provenance.run_id, added=self.added)

    @property
    def added(self) -> dict[str, int]:
        """Give the rows that this start has added to each table."""
        return {name: rows for marks in self.marks.values() for name, rows in sorted(marks.added.items())}

    def _records(self, name: str) -> DataFrame:
        """Read the topics of a query from where it begins; a checkpoint that is there knows better."""
        limits = {"maxOffsetsPerTrigger": str(self.settings.live.max_records_per_batch), "failOnDataLoss": "true"}
        begin = {"subscribe": ",".join(self.begins[name]), "startingOffsets": json.dumps(self.begins[name])}
        options = self.broker | IMPATIENT | limits | begin | {"includeHeaders": str(name == "bronze").lower()}
        return self.spark.readStream.format("kafka").options(**options).load()

    def _run(self, name: str, writer: DataStreamWriter, pause: str) -> None:
        place = checkpoint(name, self.settings)
        watch_commit_entries(name, place)
        started = writer.queryName(name).option("checkpointLocation", str(place)).trigger(processingTime=pause).start()
        self.queries[name] = started

    def _claim_checkpoints(self) -> None:
        """Say what each checkpoint is made for, and refuse one that was made for something else."""
        live = self.settings.live
        state = {"lateness": live.lateness_seconds, "ahead": live.ahead_seconds, "tail": live.tail_limit}
        folds = {
            "fold": {"state": state, "record_version": VERSION, "state_layout": LAYOUT, "indicators": list(CHOSEN)},
            "standing": {"state": state, "record_version": VERSION, "state_layout": CROSS_LAYOUT},
        }
        reads = {"bronze": self.inputs, "fold": [self.inputs[-1], self.output]}
        for name, topics in (reads | {own: [self.output] for own in FOLDED[1:]}).items():
            made_for = {
                "partitions": self.settings.kafka.partitions,
                "topic_ids": {each: self.ids[each] for each in topics},
            }
            claim(checkpoint(name, self.settings), made_for | folds.get(name, {}))

    def _refuse_past_generation(self) -> None:
        """Refuse a generation that another has followed: what it would fold again the newer one has folded."""
        newest_one = max(claimed(checkpoint("fold", self.settings)), default=0)
        if self.settings.live.generation < newest_one:
            raise StateMismatch(
                f"live.generation is {self.settings.live.generation}, and {newest_one} has followed it:"
                f" set it to {newest_one} (TAYHO_LIVE__GENERATION={newest_one}), or to the next"
            )

    def _refuse_topics_made_anew(self) -> None:
        """Refuse a topic that was lost and made again under its name: bronze holds its earlier life by offsets."""
        for made in claimed(checkpoint("bronze", self.settings)).values():
            before = made["topic_ids"]
            if anew := sorted(topic for topic in self.inputs if before.get(topic, self.ids[topic]) != self.ids[topic]):
                raise StateMismatch(
                    f"{', '.join(anew)}: made anew since bronze read it, and its offsets begin again. Choose another"
                    f" kafka.prefix (TAYHO_KAFKA__PREFIX) and the next live.generation; what bronze holds stays"
                )

    def _fold_begin(self, gold: GoldSink, partitions: range) -> dict[int, int]:
        """Begin at the head, or behind the last record that any generation before answered on these topics."""
        now, wanted = checkpoint("fold", self.settings), self.settings.live.generation
        ours = {topic: self.ids[topic] for topic in (self.inputs[-1], self.output)}
        past = [one for one, made in claimed(now).items() if one < wanted and made.get("topic_ids") == ours]
        if past and not now.exists():
            self._refuse_undrained(max(past))
        # The newest may have answered nothing yet.
        answered = [gold.answered(one, partitions) for one in past]
        return {number: max((each[number] for each in answered), default=0) for number in partitions}

    def _refuse_undrained(self, before: int) -> None:
        """Refuse to follow a generation that has not given all it owes, or whose rows the live tables lack."""
        places = {name: checkpoint(name, self.settings).with_name(str(before)) for name in FOLDED}
        ends = end_offsets(self.settings.kafka, [self.output])
        ranked = committed(places["standing"]) or first_to_rank(places["fold"], self.begins["gold"])
        unread = max(behind(each, ends) for each in (ranked, committed(places["gold"]) or self.begins["gold"]))
        begun = max(open_batch(place) for place in places.values())
        if unread or begun >= 0:
            owed = f"gave {unread} records that nothing has read" if unread else f"has not ended its batch {begun}"
            raise StateMismatch(
                f"generation {before} {owed}: start it once more until it is idle"
                f" (TAYHO_LIVE__GENERATION={before}), then start {self.settings.live.generation}"
            )

    def _is_idle(self, wanted: Offsets) -> bool:
        """Say whether all that is wanted is in: gold comes last, when both folds have given all they will."""
        inputs, kafka = {self.inputs[-1]: wanted[self.inputs[-1]]}, self.settings.kafka
        if self._behind("fold", inputs) or self._behind("bronze", wanted):
            return False
        if self._behind("standing", end_offsets(kafka, [self.output])):
            return False
        ends = end_offsets(kafka, [self.output])  # what the second fold gave is in by now
        if self._behind("standing", ends) or self._behind("gold", ends):
            return False
        # The first batch of a query may hold nothing: stopped within it, it would owe that to the next generation.
        return all(is_at_rest(checkpoint(name, self.settings)) for name in ("bronze", *FOLDED))

    def _behind(self, name: str, wanted: Offsets) -> int:
        return behind(committed(checkpoint(name, self.settings)) or self.begins[name], wanted)
