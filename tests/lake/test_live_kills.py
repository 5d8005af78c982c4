"""SIGKILL of the live application's process group at named places; the full drill is tests/drills/kill.py."""

import signal
from pathlib import Path

from pyspark.sql import SparkSession

from spark_apps.lake.services import Service
from spark_apps.tables.sources import FOLD_INPUT, MESSAGES
from tests.drills.application import Application, application
from tests.lake.conftest import MARKET

PLACES = ("bronze:inside_write:2", "fold:after_commit:2", "gold:after_commit:2")


def test_three_kills_lose_nothing_and_double_nothing(
    broker: Service, spark: SparkSession, unbroken: Application, tmp_path: Path
) -> None:
    lake = application(tmp_path, broker.address, "killed", records=150)
    lake.feed(MARKET)
    for place in PLACES:
        process = lake.start(failpoint=place)
        assert process.wait(240) == -signal.SIGKILL, lake.log[-3000:]
        assert lake.open_batch(place.split(":")[0]) >= 0
    lake.run_here(spark)
    assert lake.live_rows() == unbroken.live_rows()
    for table in (MESSAGES, FOLD_INPUT):
        assert lake.read(table).num_rows == unbroken.read(table).num_rows


def test_a_failed_application_exits_with_an_error(broker: Service, tmp_path: Path) -> None:
    lake = application(tmp_path, broker.address, "exits")
    (tmp_path / "checkpoints" / "fold" / "1").mkdir(parents=True)
    assert lake.start().wait(120) == 1
    assert "no fingerprint beside it" in lake.log
