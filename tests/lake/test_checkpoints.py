"""Checkpoints: who may go on with one, and how far it has come."""

from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from spark_apps.errors import StateMismatch
from spark_apps.lake.checkpoints import (
    behind,
    claim,
    claimed,
    committed,
    fingerprint_file,
    is_at_rest,
    open_batch,
    read_fingerprint,
)
from spark_apps.lake.location import checkpoint
from spark_apps.lake.services import Service
from tests.drills.application import application


def test_the_same_fingerprint_may_go_on(tmp_path: Path) -> None:
    claim(tmp_path / "1", {"partitions": 1})
    (tmp_path / "1").mkdir()
    claim(tmp_path / "1", {"partitions": 1})
    assert read_fingerprint(tmp_path / "1") == {"partitions": 1}


def test_another_fingerprint_is_refused_with_the_next_generation(tmp_path: Path) -> None:
    claim(tmp_path / "1", {"partitions": 1})
    with pytest.raises(StateMismatch, match=r"partitions was 1, is 2.*start generation 2"):
        claim(tmp_path / "1", {"partitions": 2})


def test_a_topic_may_join_and_none_may_leave_or_be_made_anew(tmp_path: Path) -> None:
    claim(tmp_path / "1", {"topic_ids": {"a": "id of a"}})
    grown = {"topic_ids": {"a": "id of a", "b": "id of b"}}
    claim(tmp_path / "1", grown)
    for ids in ({"a": "id of a"}, {"a": "another id", "b": "id of b"}):
        with pytest.raises(StateMismatch, match=r"topic_ids was .*start generation 2"):
            claim(tmp_path / "1", {"topic_ids": ids})
    assert claimed(tmp_path / "1") == {1: grown}


def test_a_checkpoint_without_its_fingerprint_is_refused(broker: Service, spark: SparkSession, tmp_path: Path) -> None:
    lake = application(tmp_path, broker.address, "no_fingerprint")
    checkpoint("gold", lake.settings).mkdir(parents=True)
    with pytest.raises(StateMismatch, match="no fingerprint beside it"):
        lake.run_here(spark)
    assert not fingerprint_file(checkpoint("gold", lake.settings)).exists()


def test_a_batch_is_open_until_its_commit_entry_is_there(tmp_path: Path) -> None:
    assert (open_batch(tmp_path), is_at_rest(tmp_path)) == (-1, False)  # nothing is begun
    for folder, batches in (("offsets", (0, 1)), ("commits", (0,))):
        (tmp_path / folder).mkdir()
        for batch in batches:
            (tmp_path / folder / str(batch)).touch()
    assert (open_batch(tmp_path), is_at_rest(tmp_path)) == (1, False)
    (tmp_path / "commits" / "1").touch()
    assert (open_batch(tmp_path), is_at_rest(tmp_path)) == (-1, True)


def test_a_checkpoint_without_a_fingerprint_is_refused(tmp_path: Path) -> None:
    (tmp_path / "1").mkdir()
    with pytest.raises(StateMismatch, match="no fingerprint beside it"):
        claim(tmp_path / "1", {"partitions": 1})


def test_a_batch_counts_once_its_commit_entry_is_there(tmp_path: Path) -> None:
    for folder in ("offsets", "commits"):
        (tmp_path / folder).mkdir()
    for batch, offset in ((0, 10), (1, 25)):
        (tmp_path / "offsets" / str(batch)).write_text(f'v1\n{{}}\n{{"t":{{"0":{offset}}}}}')
    assert committed(tmp_path) == {}
    (tmp_path / "commits" / "0").write_text("v1\n{}")
    assert committed(tmp_path) == {"t": {0: 10}}


def test_behind_counts_what_is_wanted_and_not_reached() -> None:
    assert behind({"a": {0: 5, 1: 9}}, {"a": {0: 7, 1: 8}, "b": {0: 3}}) == 5
