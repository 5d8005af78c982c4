"""The import contract sees a violation that is planted in a copy of the tree."""

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from setup.check import TOOLS
from tests.house.tree import ROOT

PLANTED = {
    "an upward import": ("spark_apps/rules/planted.py", "import spark_apps.lake.location\n"),
    "a room without a place": ("spark_apps/attic/__init__.py", "X = 1\n"),
    "Spark in a declaration": ("spark_apps/tables/planted.py", "import pyspark\n"),
    "a domain room in the lake": ("spark_apps/lake/planted.py", "import spark_apps.market.bars\n"),
    "Spark in the Kafka client": ("spark_apps/lake/kafka.py", "import pyspark\n"),
    "neighbours that import each other": ("spark_apps/market/planted.py", "import spark_apps.sources.envelope\n"),
    "Spark in a feed": ("spark_apps/sources/sim/feed.py", "import pyspark\n"),
    # The page imports the charts.
    "a circle of siblings": ("spark_apps/reports/charts.py", "import spark_apps.reports.html\n"),
}


def contract_of(folder: Path) -> subprocess.CompletedProcess[str]:
    """Check the contract of a copy: without site's path files, which would lead back to this tree."""
    path = os.pathsep.join((str(folder), sysconfig.get_path("purelib")))
    command = [sys.executable, "-S", str(TOOLS / "lint-imports"), "--no-logo"]
    return subprocess.run(command, cwd=folder, env={"PYTHONPATH": path}, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("what", PLANTED)
def test_the_contract_sees(what: str, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "spark_apps", tmp_path / "spark_apps", ignore=shutil.ignore_patterns("*.so", "__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    path = tmp_path / PLANTED[what][0]
    path.parent.mkdir(exist_ok=True)
    path.write_text(PLANTED[what][1])
    result = contract_of(tmp_path)
    assert result.returncode == 1
    assert path.parent.name in result.stdout
