"""The Spark session on a machine that lacks something: the first line says what, and how to mend it."""

import os
import subprocess
import sys
from pathlib import Path

import pyspark
from pyspark.sql import SparkSession

from tests.house.tree import ROOT

SPARK_HOME = Path(pyspark.__file__).parent
CLASSES = ROOT / ".venv" / "lake" / "spark.jsa"
PROGRAM = """
from spark_apps.errors import MissingTool
from spark_apps.lake.session import session
from spark_apps.settings import load
try:
    session(load(), "test")
except MissingTool as error:
    print("MISSING", error)
"""


def said_with(**environment: str) -> str:
    """Ask for a session in a process of its own; give what it said was missing."""
    asked = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        cwd=ROOT,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert asked.returncode == 0, asked.stderr
    return asked.stdout


def test_a_machine_without_java_is_told_what_to_install(tmp_path: Path) -> None:
    assert "MISSING Spark could not start Java 17: install openjdk-17" in said_with(JAVA_HOME=str(tmp_path))


def test_a_missing_jar_of_the_lake_is_named(tmp_path: Path) -> None:
    for part in SPARK_HOME.iterdir():
        if part.name != "jars":
            (tmp_path / part.name).symlink_to(part)
    (tmp_path / "jars").mkdir()
    for jar in (SPARK_HOME / "jars").iterdir():
        if not jar.name.startswith("delta-spark"):
            (tmp_path / "jars" / jar.name).symlink_to(jar)
    settings = tmp_path / "settings"
    settings.mkdir()
    # Those of set-up name the folder of jars once more.
    (settings / "spark-defaults.conf").write_text((ROOT / "conf" / "spark" / "local.conf").read_text())
    assert "MISSING the jar of delta-spark is not on Spark's class path: run `make run`" in said_with(
        SPARK_HOME=str(tmp_path), SPARK_CONF_DIR=str(settings)
    )


def test_a_session_maps_the_classes_that_set_up_wrote(spark: SparkSession) -> None:
    process = spark.sparkContext._jvm.java.lang.ProcessHandle.current().pid()  # type: ignore[union-attr]  # py4j
    assert str(CLASSES) in Path(f"/proc/{process}/maps").read_text()
