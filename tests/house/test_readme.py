"""The README's commands work in a clean clone that may not use a network."""

import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.house.tree import ROOT, listed, read

TEXT = read("README.md")
COMMANDS = re.findall(r"^(make \w+)", TEXT.split("```sh")[1].split("```")[0], re.MULTILINE)
# What the table below them names, over the lake that `make run` made.
LOOKS = re.findall(r"`(\.venv/lake/bin/tayho [^`]+)`", TEXT)
# The clone's tests are these tests: there, a room that needs no Spark stands for all.
SHORTER = {"make test": "make test TESTS=tests/rules"}


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Clone the repository and lay the files over it that are not committed yet."""
    folder = tmp_path_factory.mktemp("clone") / "tayho"
    subprocess.run(["git", "clone", "--quiet", ROOT, folder], check=True)
    for path in listed():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / path, folder / path)
    return folder


@pytest.fixture(scope="module")
def alone() -> list[str]:
    """Give the words that leave a command no network but its own loopback; none where the kernel forbids it."""
    words = ["unshare", "--net", "--map-root-user", "sh", "-c", 'ip link set lo up && exec "$@"', "sh"]
    there = shutil.which("unshare") and shutil.which("ip")
    return words if there and subprocess.run([*words, "true"], check=False).returncode == 0 else []


@pytest.mark.timeout(1_800)
@pytest.mark.parametrize("command", [*COMMANDS, *LOOKS])
def test_a_command_of_the_readme_works_in_a_clean_clone(command: str, clone: Path, alone: list[str]) -> None:
    ours = ("COVERAGE_", "MAKE", "PYTEST_", "PYSPARK_", "SPARK_")
    outside = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    words = [*alone, *shlex.split(SHORTER.get(command, command))]
    environment = {**outside, "UV_OFFLINE": "1"}
    result = subprocess.run(
        words, cwd=clone, env=environment, capture_output=True, text=True, check=False, timeout=1_700
    )
    assert result.returncode == 0, result.stdout[-4000:] + result.stderr[-4000:]
    if command == "make run":
        assert re.search(r"^checks +(\d+) of \1 hold$", result.stdout, re.MULTILINE), result.stdout[-4000:]
        assert re.search(r"^gold.bars_1m keeps of its input sum\(volume\) = [1-9]", result.stdout, re.MULTILINE)


def test_the_first_screen_names_the_two_commands_and_where_to_look() -> None:
    assert COMMANDS == ["make run", "make test"]
    assert [shlex.split(command)[1] for command in LOOKS] == ["state", "explain", "doctor"]
