"""The import contract sees a violation that is planted in a copy of the tree."""

import ast
import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from setup.check import TOOLS
from tests.house.tree import ROOT, listed, read

PLANTED = {
    "an upward import": ("spark_apps/rules/planted.py", "import spark_apps.lake.location\n"),
    "a room without a place": ("spark_apps/attic/__init__.py", "X = 1\n"),
    "Spark in a declaration": ("spark_apps/tables/planted.py", "import pyspark\n"),
    "a domain room in the lake": ("spark_apps/lake/planted.py", "import spark_apps.market.bars\n"),
    "Spark in the Kafka client": ("spark_apps/lake/kafka.py", "import pyspark\n"),
    "neighbours that import each other": ("spark_apps/market/planted.py", "import spark_apps.sources.envelope\n"),
    "Spark in a feed": ("spark_apps/sources/sim/feed.py", "import pyspark\n"),
    "Spark where feeds publish": ("spark_apps/lake/feed.py", "import pyspark\n"),
    # The page imports the charts.
    "a circle of siblings": ("spark_apps/reports/charts.py", "import spark_apps.reports.html\n"),
}


def contract_of(folder: Path) -> subprocess.CompletedProcess[str]:
    """Check the contract of a copy: without site's path files, which would lead back to this tree."""
    path = os.pathsep.join((str(folder), sysconfig.get_path("purelib")))
    command = [sys.executable, "-S", str(TOOLS / "lint-imports"), "--no-logo"]
    return subprocess.run(command, cwd=folder, env={"PYTHONPATH": path}, capture_output=True, text=True, check=False)


def beyond_the_standard_library(text: str) -> set[str]:
    """Give the packages that a source imports beside the standard library and our own."""
    modules: set[str] = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            modules |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            modules.add(node.module or "")
    return {module.split(".")[0] for module in modules} - sys.stdlib_module_names - {"spark_apps"}


@pytest.mark.parametrize("path", listed("spark_apps/tables/*.py", "spark_apps/errors.py"))
def test_declarations_and_errors_need_the_standard_library_only(path: str) -> None:
    assert beyond_the_standard_library(read(path)) == set()
    assert beyond_the_standard_library("import numpy.linalg\nfrom pandas import DataFrame") == {"numpy", "pandas"}


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
