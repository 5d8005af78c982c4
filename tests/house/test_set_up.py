"""Set-up says what a machine lacks, and what to do, before it makes anything."""

import shutil
import subprocess
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
