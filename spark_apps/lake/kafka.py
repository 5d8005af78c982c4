"""Topics, offsets and the one producer. No pyspark here."""

import time
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple, TypeVar

import structlog
from confluent_kafka import Consumer, KafkaError, KafkaException, Message, Producer, TopicCollection, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from spark_apps.errors import BadSetting, ServiceFailed, StateMismatch
from spark_apps.settings import Kafka

logger = structlog.get_logger(__name__)

Answer = TypeVar("Answer")
Headers = list[tuple[str, str | bytes | None]]

SECONDS = 30.0
# What a broker answers about a topic that was made this moment.
NOT_YET = {KafkaError.NOT_LEADER_FOR_PARTITION, KafkaError.LEADER_NOT_AVAILABLE, KafkaError.UNKNOWN_TOPIC_OR_PART}
# The broker stamps each record when it appends it: the clock that latency and `emitted_at` are measured by.
TOPIC_CONFIG = {"message.timestamp.type": "LogAppendTime", "cleanup.policy": "delete", "retention.ms": "-1"}


class Record(NamedTuple):
    """Hold one record as the broker keeps it; `broker_time` in nanoseconds UTC, stamped when it was appended."""

    offset: int
    value: bytes
    broker_time: int
    headers: tuple[tuple[str, bytes], ...] = ()


def raw_topic(source: str, kafka: Kafka) -> str:
    """Name the topic that holds what a source sent, byte for byte."""
    return f"{kafka.prefix}.raw.{source}"


def raw_topics(kafka: Kafka) -> tuple[str, ...]:
    """Name the raw topic of every source that the settings know."""
    return tuple(raw_topic(source, kafka) for source in kafka.sources)


def fold_input(kafka: Kafka) -> str:
    """Name the topic that the fold reads."""
    return f"{kafka.prefix}.fold_input"


def fold_output(kafka: Kafka) -> str:
    """Name the topic that the folds write: the first as `fold_input` is cut, the second to one partition."""
    return f"{kafka.prefix}.fold_output"


def all_topics(kafka: Kafka) -> tuple[str, ...]:
    """Name every topic."""
    return (*raw_topics(kafka), fold_input(kafka), fold_output(kafka))


def connection(kafka: Kafka) -> dict[str, str]:
    """Give the options by which a client reaches the broker; raise BadSetting where none, or no user, is named."""
    if not kafka.bootstrap_servers:
        raise BadSetting(
            "kafka.bootstrap_servers is empty: set TAYHO_KAFKA__BOOTSTRAP_SERVERS, or use `tayho run`, it brings one"
        )
    options = {"bootstrap.servers": kafka.bootstrap_servers}
    if password := kafka.password.get_secret_value():
        if not kafka.user:
            raise BadSetting("kafka.password is set and kafka.user is empty: set TAYHO_KAFKA__USER, or no password")
        options |= {"security.protocol": "SASL_SSL", "sasl.mechanism": "SCRAM-SHA-512"}
        options |= {"sasl.username": kafka.user, "sasl.password": password}
    return options


def spark_connection(kafka: Kafka) -> dict[str, str]:
    """Give the same options in Spark's words."""
    options = {f"kafka.{name}": value for name, value in connection(kafka).items() if not name.startswith("sasl.")}
    if password := kafka.password.get_secret_value():
        login = "org.apache.kafka.common.security.scram.ScramLoginModule"
        options["kafka.sasl.mechanism"] = "SCRAM-SHA-512"
        options["kafka.sasl.jaas.config"] = f'{login} required username="{kafka.user}" password="{password}";'
    return options


def create_topics(kafka: Kafka) -> None:
    """Create the topics that are missing; raise StateMismatch where one is cut otherwise than the settings say."""
    admin = _admin(kafka)
    copies = kafka.replication_factor
    wanted = [NewTopic(topic, kafka.partitions, copies, config=TOPIC_CONFIG) for topic in all_topics(kafka)]
    for topic, created in admin.create_topics(wanted, operation_timeout=SECONDS, request_timeout=SECONDS).items():
        try:
            created.result()
            logger.info("topic created", topic=topic, partitions=kafka.partitions)
        except KafkaException as error:
            code = error.args[0].code()
            if code == KafkaError.INVALID_REPLICATION_FACTOR:
                too_many = f"kafka.replication_factor is {copies}: set it to what the brokers can hold"
                raise BadSetting(f"{topic}: not created: {error.args[0].str()} {too_many}") from error
            if code != KafkaError.TOPIC_ALREADY_EXISTS:
                raise ServiceFailed(f"{topic}: not created: {error}. Look at the broker's log") from error
    for topic, (_, partitions) in _described(kafka, all_topics(kafka)).items():
        if partitions != kafka.partitions:
            raise StateMismatch(
                f"{topic} has {partitions} partitions, kafka.partitions is {kafka.partitions}: set it to {partitions},"
                " or choose another kafka.prefix and the next live.generation"
            )


def topic_ids(kafka: Kafka, topics: Iterable[str]) -> dict[str, str]:
    """Give the id that the broker drew for each topic; a topic that was made anew has a new one."""
    return {topic: topic_id for topic, (topic_id, _) in _described(kafka, topics).items()}


def end_offsets(kafka: Kafka, topics: Iterable[str]) -> dict[str, dict[int, int]]:
    """Give the offset behind the last record of each partition of each topic."""
    described = _described(kafka, topics)
    consumer = _consumer(kafka)

    def ends() -> dict[str, dict[int, int]]:
        places = {
            topic: [TopicPartition(topic, number) for number in range(cut)] for topic, (_, cut) in described.items()
        }
        return {
            topic: {place.partition: int(consumer.get_watermark_offsets(place, SECONDS)[1]) for place in numbers}
            for topic, numbers in places.items()
        }

    try:
        return _answer(kafka, ends)
    finally:
        consumer.close()


def read_back(kafka: Kafka, topic: str, partition: int, start: int, end: int) -> list[Record]:
    """Read the records of one partition from `start` up to, not including, `end`."""
    consumer = _consumer(kafka)
    consumer.assign([TopicPartition(topic, partition, start)])
    found: list[Record] = []
    try:
        while start < end:
            some = consumer.consume(min(end - start, 10_000), SECONDS)
            for message in some:
                if message.error():
                    raise ServiceFailed(f"{topic}: not readable from offset {start}: {message.error()}")
                found.append(_record(message))
            if not some:
                raise ServiceFailed(f"{topic}: silent at offset {start} for {SECONDS:g} s. Look at the broker's log")
            start = found[-1].offset + 1
        return found
    finally:
        consumer.close()


def _record(message: Message) -> Record:
    said: Any = message.headers() or ()  # the stub allows what a producer may hand over, too
    headers = tuple((name, value or b"") for name, value in said)
    return Record(message.offset() or 0, message.value() or b"", message.timestamp()[1] * 1_000_000, headers)


class Publisher:
    """Publish with one idempotent producer: in order per partition, acknowledged by all, none twice, none dropped."""

    def __init__(self, kafka: Kafka, queue: int = 100_000, seconds: float = 120) -> None:
        """Connect; `queue` records may wait here, and each for `seconds` before it counts as failed."""
        self._failed = 0
        self._first_failure = ""
        self._seconds = seconds
        self._producer = Producer(
            {
                **connection(kafka),
                "enable.idempotence": True,
                "enable.gapless.guarantee": True,  # where one record expires, none behind it arrives in its place
                "acks": "all",
                "queue.buffering.max.messages": queue,
                "message.timeout.ms": int(seconds * 1000),
                "on_delivery": self._count,
                # What fails is told by the delivery reports; a broker that stops is no news.
                "log_level": 0,
            }
        )

    def _count(self, error: KafkaError | None, message: Message) -> None:
        if error is not None:
            self._failed += 1
            self._first_failure = self._first_failure or f"{message.topic()}: {error}"

    def send(
        self,
        topic: str,
        value: bytes,
        partition: int = -1,
        key: str | bytes | None = None,
        headers: Headers | None = None,
    ) -> None:
        """Hand over one record; where the local queue is full, wait until the broker has taken some."""
        while True:
            try:
                self._producer.produce(topic, value, key, partition, headers=headers)
                return
            except BufferError:
                self._producer.poll(0.1)
            except KafkaException as error:
                raise ServiceFailed(f"{topic}: a record of {len(value)} bytes was not taken: {error}") from error

    def deliver(self) -> None:
        """Wait until the broker has acknowledged everything; raise ServiceFailed naming what it did not take."""
        waiting = self._producer.flush(self._seconds + SECONDS)
        if self._failed or waiting:
            raise ServiceFailed(
                f"{self._failed + waiting} records were not delivered ({self._first_failure or 'no answer'})."
                " Look at the broker's log and at the space on its disk, start it again where it has stopped, then"
                " start the feed again, or the live application: it goes on where it was"
            )


def _consumer(kafka: Kafka) -> Consumer:
    return Consumer({**connection(kafka), "group.id": "tayho", "enable.auto.commit": False, "log_level": 3})


def _admin(kafka: Kafka) -> AdminClient:
    return AdminClient({**connection(kafka), "log_level": 3})


def _described(kafka: Kafka, topics: Iterable[str]) -> dict[str, tuple[str, int]]:
    """Give id and number of partitions of each topic."""
    admin = _admin(kafka)

    def described() -> dict[str, tuple[str, int]]:
        asked = admin.describe_topics(TopicCollection(list(topics)), request_timeout=SECONDS)
        found = {topic: answer.result() for topic, answer in asked.items()}
        return {topic: (str(each.topic_id), len(each.partitions)) for topic, each in found.items()}

    return _answer(kafka, described)


def _answer(kafka: Kafka, question: Callable[[], Answer]) -> Answer:
    """Ask until the broker knows: a topic that was made this moment has no leader yet. Raise ServiceFailed."""
    deadline = time.monotonic() + SECONDS
    while True:
        try:
            return question()
        except KafkaException as error:
            if error.args[0].code() not in NOT_YET or time.monotonic() > deadline:
                what = f"broker at {kafka.bootstrap_servers}: {error.args[0].str()}"
                raise ServiceFailed(f"{what}. Is it running, and are the topics made?") from error
            time.sleep(0.1)
