"""Lines that run only inside Spark's Python workers are counted."""

import json
import os
import subprocess
import sys
from pathlib import Path

PROGRAM = """
from pyspark.sql import SparkSession

def rows(batches):
    for batch in batches:
        yield batch  # runs in a worker only

spark = SparkSession.builder.master("local[1]").getOrCreate()
print(spark.range(3).mapInArrow(rows, "id long").count())
spark.stop()
"""


def test_a_line_that_only_a_worker_runs_is_counted(tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text(PROGRAM)
    config = "[run]\nparallel = true\npatch = subprocess, fork, _exit\nsource = .\n"
    (tmp_path / ".coveragerc").write_text(config)
    outside = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}

    def coverage(*words: str) -> str:
        command = [sys.executable, "-m", "coverage", *words]
        return subprocess.run(command, cwd=tmp_path, env=outside, capture_output=True, text=True, check=True).stdout

    assert coverage("run", "program.py").split() == ["3"]
    coverage("combine")
    coverage("json")
    report = json.loads((tmp_path / "coverage.json").read_text())
    assert report["files"]["program.py"]["missing_lines"] == []
