"""One Spark session for all tests, and settings that point into the test's own folder."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from pyspark.sql import SparkSession

from spark_apps.lake.session import session
from spark_apps.settings import Settings, load


@pytest.fixture(scope="session")
def spark() -> Iterator[SparkSession]:
    """Start the session that production starts, with two shuffle partitions."""
    made = session(load(), "tests")
    made.conf.set("spark.sql.shuffle.partitions", "2")
    yield made
    made.stop()


@pytest.fixture(autouse=True)
def plain_logs() -> Iterator[None]:
    """Undo what a test made of logging: the stream that it gave is closed by now."""
    yield
    structlog.reset_defaults()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Give settings whose tables, landing files and reports lie in the test's folder."""
    return settings_in(tmp_path)


def settings_in(folder: Path) -> Settings:
    """Give settings whose tables, landing files and reports lie in a folder."""
    return load().with_values(
        lake_root=folder / "lake", landing_root=folder / "landing", report_root=folder / "reports"
    )
