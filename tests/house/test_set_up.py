"""Set-up says what a machine lacks, and what to do, before it makes anything."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.house.tree import ROOT

# macOS has a program of this name that only says that there is no Java.
STUB = "#!/bin/sh\necho 'Unable to locate a Java Runtime.' >&2\nexit 1\n"
OLD = "#!/bin/sh\necho 'openjdk version \"11.0.2\" 2019-01-15' >&2\n"


@pytest.mark.parametrize(
    ("java", "said"),
    [
        ("", "set-up: java is not on PATH. Install a Java 17 runtime"),
        (STUB, "set-up: java is version unknown, Spark needs 17 or later. Install one"),
        (OLD, "set-up: java is version 11, Spark needs 17 or later. Install one"),
    ],
    ids=["none", "a stub", "too old"],
)
def test_a_machine_without_a_fitting_java_is_told_what_to_install(java: str, said: str, tmp_path: Path) -> None:
    for program in ("bash", "sh", "dirname", "git", "sed", "head"):
        (tmp_path / program).symlink_to(str(shutil.which(program)))
    if java:
        (tmp_path / "java").write_text(java)
        (tmp_path / "java").chmod(0o755)
    command = [str(tmp_path / "bash"), str(ROOT / "setup" / "environment.sh"), "lake"]
    ended = subprocess.run(command, env={"PATH": str(tmp_path)}, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stderr.startswith(said)) == (1, True), ended.stderr


def test_classes_that_java_cannot_keep_are_done_without(tmp_path: Path) -> None:
    """Let Java write half a file and fail."""
    environment = tmp_path / ".venv" / "lake"
    programs = {
        environment / "bin" / "python": f'exec {sys.executable} "$@"',
        tmp_path
        / "bin"
        / "java": 'for word; do case $word in *AtExit=*) echo half >"${word#*=}" ;; esac; done; exit 1',
    }
    for program, text in programs.items():
        program.parent.mkdir(parents=True)
        program.write_text(f"#!/bin/sh\n{text}\n")
        program.chmod(0o755)
    (tmp_path / "setup").mkdir()
    shutil.copy(ROOT / "setup" / "class_data.sh", tmp_path / "setup")
    outside = {name: value for name, value in os.environ.items() if name != "JAVA_HOME"}
    path = {"PATH": f"{tmp_path / 'bin'}:{outside['PATH']}"}
    command = [tmp_path / "setup" / "class_data.sh"]
    ended = subprocess.run(command, env=outside | path, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    assert "set-up: that did not work; the lines above say why." in ended.stderr
    assert [each.name for each in environment.iterdir()] == ["bin"]
