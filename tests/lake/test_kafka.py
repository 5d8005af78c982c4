"""Topics, offsets and the producer, against a real broker."""

import pytest
from pydantic import SecretStr

from spark_apps.errors import BadSetting, ServiceFailed, StateMismatch
from spark_apps.lake.kafka import (
    Publisher,
    connection,
    create_topics,
    end_offsets,
    fold_input,
    raw_topics,
    read_back,
    spark_connection,
    topic_ids,
)
from spark_apps.lake.services import Service
from spark_apps.settings import Kafka, load


def kafka_of(broker: Service, prefix: str, partitions: int = 1) -> Kafka:
    changed = {"bootstrap_servers": broker.address, "prefix": prefix, "partitions": partitions}
    return load().kafka.model_copy(update=changed)


def test_without_an_address_the_setting_is_named() -> None:
    with pytest.raises(BadSetting, match="TAYHO_KAFKA__BOOTSTRAP_SERVERS"):
        connection(load().kafka)


def test_a_password_makes_both_clients_log_in() -> None:
    given = {"bootstrap_servers": "broker:9092", "user": "feeder", "password": SecretStr("secret")}
    kafka = load().kafka.model_copy(update=given)
    assert (connection(kafka)["sasl.username"], connection(kafka)["sasl.password"]) == ("feeder", "secret")
    assert 'username="feeder" password="secret"' in spark_connection(kafka)["kafka.sasl.jaas.config"]
    assert "kafka.sasl.password" not in spark_connection(kafka)


def test_a_password_without_a_user_is_refused() -> None:
    kafka = load().kafka.model_copy(update={"bootstrap_servers": "broker:9092", "password": SecretStr("secret")})
    with pytest.raises(BadSetting, match="TAYHO_KAFKA__USER"):
        connection(kafka)


def test_more_copies_than_there_are_brokers_are_refused_by_name(broker: Service) -> None:
    kafka = kafka_of(broker, "copies").model_copy(update={"replication_factor": 3})
    with pytest.raises(BadSetting, match=r"copies\.raw\.sim: not created: .*kafka\.replication_factor is 3"):
        create_topics(kafka)


def test_topics_are_made_once_and_keep_their_id(broker: Service) -> None:
    kafka = kafka_of(broker, "made_once", 2)
    create_topics(kafka)
    before = topic_ids(kafka, raw_topics(kafka))
    create_topics(kafka)
    assert topic_ids(kafka, raw_topics(kafka)) == before


def test_topics_cut_otherwise_than_the_settings_say_are_refused(broker: Service) -> None:
    create_topics(kafka_of(broker, "cut", 2))
    with pytest.raises(StateMismatch, match=r"has 2 partitions, kafka.partitions is 3"):
        create_topics(kafka_of(broker, "cut", 3))


def test_a_full_local_queue_is_waited_out_and_nothing_is_lost(broker: Service) -> None:
    kafka = kafka_of(broker, "queue")
    create_topics(kafka)
    publisher = Publisher(kafka, queue=10)
    for number in range(1_000):
        publisher.send(fold_input(kafka), str(number).encode(), 0)
    publisher.deliver()
    held = read_back(kafka, fold_input(kafka), 0, 0, end_offsets(kafka, [fold_input(kafka)])[fold_input(kafka)][0])
    assert [int(record.value) for record in held] == list(range(1_000))


def test_a_record_beyond_the_largest_size_is_refused_by_name(broker: Service) -> None:
    kafka = kafka_of(broker, "large")
    create_topics(kafka)
    with pytest.raises(ServiceFailed, match=r"large.fold_input: a record of 2000000 bytes was not taken"):
        Publisher(kafka).send(fold_input(kafka), bytes(2_000_000), 0)


def test_records_for_a_partition_that_is_not_there_are_counted_as_failed(broker: Service) -> None:
    kafka = kafka_of(broker, "nowhere")
    create_topics(kafka)
    publisher = Publisher(kafka, seconds=5)
    publisher.send(fold_input(kafka), b"lost", 40)
    with pytest.raises(ServiceFailed, match=r"1 records were not delivered.*nowhere.fold_input"):
        publisher.deliver()


def test_topics_that_are_not_there_are_asked_for_in_vain(broker: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("spark_apps.lake.kafka.SECONDS", 1.0)
    with pytest.raises(ServiceFailed, match="are the topics made"):
        topic_ids(kafka_of(broker, "nobody", 1), ["no_such_topic"])
