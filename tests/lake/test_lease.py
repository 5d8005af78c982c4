"""Leases: who comes second waits as long as it was told, then names the first."""

import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from spark_apps.errors import ServiceFailed
from spark_apps.lake.lease import alone, hold, lease
from spark_apps.lake.live import run_live
from spark_apps.lake.provenance import Provenance, RunReport, record_run
from spark_apps.lake.reading import row_count
from spark_apps.lake.services import Service
from spark_apps.settings import Settings
from spark_apps.tables.operations import RUNS


def test_a_lease_that_becomes_free_in_time_is_taken(tmp_path: Path) -> None:
    held, free = threading.Event(), threading.Event()

    def first() -> None:
        with hold(tmp_path / "lease", "the table"):
            held.set()
            free.wait(30)

    thread = threading.Thread(target=first)
    thread.start()
    held.wait(30)
    threading.Timer(0.5, free.set).start()
    began = time.monotonic()
    with hold(tmp_path / "lease", "the table", wait_seconds=30):
        assert 0.3 < time.monotonic() - began < 20
    thread.join()


@pytest.mark.parametrize("generation", [1, 2])
def test_a_second_application_on_the_same_lake_is_refused(
    broker: Service, spark: SparkSession, settings: Settings, generation: int
) -> None:
    live = settings.live.model_copy(update={"generation": generation})
    kafka = settings.kafka.model_copy(update={"bootstrap_servers": broker.address, "prefix": "second"})
    with (
        alone("live", settings, "the first one"),
        pytest.raises(ServiceFailed, match=r"the live application is being written by process \d+"),
    ):
        run_live(spark, settings.with_values(live=live, kafka=kafka), threading.Event(), until_idle=True)


@pytest.mark.parametrize("seconds", [0, 0.3])
def test_a_lease_that_stays_held_names_its_holder_when_the_time_is_over(tmp_path: Path, seconds: float) -> None:
    began = time.monotonic()
    with (
        hold(tmp_path / "lease", "the table"),
        pytest.raises(ServiceFailed, match=rf"the table is being written by process {os.getpid()}: wait, or stop it"),
        hold(tmp_path / "lease", "the table", wait_seconds=seconds),
    ):
        pass
    assert time.monotonic() - began >= seconds


@pytest.fixture
def held_for_half_a_second(settings: Settings) -> Iterator[None]:
    """Let another writer hold the lease of ops.runs for a moment."""
    held = threading.Event()

    def other() -> None:
        with lease(RUNS, settings):
            held.set()
            time.sleep(0.5)

    thread = threading.Thread(target=other)
    thread.start()
    held.wait(30)
    yield
    thread.join()


@pytest.mark.usefixtures("held_for_half_a_second")
def test_an_append_waits_for_another_one_to_end(settings: Settings) -> None:
    record_run(Provenance("a job", None, None, {}, "", code="test"), RunReport("a job", "done"), settings)
    assert row_count(RUNS, settings) == 1


@pytest.mark.usefixtures("held_for_half_a_second")
def test_a_replace_does_not_wait(settings: Settings) -> None:
    with pytest.raises(ServiceFailed, match=r"ops\.runs is being written by process"), lease(RUNS, settings):
        pass


def test_two_jobs_of_one_layer_run_side_by_side_and_one_job_does_not(settings: Settings) -> None:
    with (
        alone("silver.ticks", settings, "silver.ticks"),
        alone("silver.daily_prices", settings, "silver.daily_prices"),
        pytest.raises(ServiceFailed, match=r"silver.ticks is being written by process \d+"),
        alone("silver.ticks", settings, "silver.ticks"),
    ):
        pass
