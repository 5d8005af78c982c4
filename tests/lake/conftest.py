"""One real broker for the tests of this room; each test names its own topics."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from spark_apps.lake.services import Service, start_broker
from tests.drills.application import Application, application
from tests.drills.market import DrillMarket

MARKET = DrillMarket(seed=7, quotes=600)


@pytest.fixture(scope="session")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Start a broker for the test session."""
    service = start_broker(tmp_path_factory.mktemp("broker"))
    yield service
    service.stop()


@pytest.fixture(scope="session")
def unbroken(broker: Service, spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Application:
    """Carry one small session through feed and live application, undisturbed."""
    lake = application(tmp_path_factory.mktemp("unbroken"), broker.address, "unbroken", partitions=2)
    lake.feed(MARKET)
    lake.run_here(spark)
    return lake


@pytest.fixture
def lake(broker: Service, tmp_path: Path, request: pytest.FixtureRequest) -> Application:
    """Give a test a lake and topics of its own, in two partitions."""
    name = re.sub(r"\W", "_", request.node.name.removeprefix("test_"))[-60:].lower().strip("_0123456789")
    return application(tmp_path, broker.address, name, partitions=2)
