"""What can be said of the images without an engine."""

import re
import tomllib
from fnmatch import fnmatch
from pathlib import Path

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docker" / "Dockerfile").read_text(encoding="utf-8")
SERVED = ("lake", "broker", "airflow", "database")


def bases(text: str) -> dict[str, str]:
    """Give each stage of a Dockerfile with what it stands on."""
    return {name: base for base, name in re.findall(r"^FROM (\S+) AS (\w+)$", text, re.MULTILINE)}


def unpinned(text: str) -> list[str]:
    """Give the images that a Dockerfile stands on without a digest."""
    stages = bases(text)
    return [base for base in stages.values() if base not in stages and not re.search(r"@sha256:[0-9a-f]{64}$", base)]


def stage(text: str, name: str) -> str:
    """Give the lines of one stage."""
    return re.split(r"^FROM ", text.split(f" AS {name}\n")[1], maxsplit=1, flags=re.MULTILINE)[0]


def copied(text: str) -> set[str]:
    """Give what a Dockerfile copies from the build context."""
    lines = re.findall(r"^COPY (?!--from)(.+)$", text, re.MULTILINE)
    return {source for line in lines for source in line.split()[:-1]}


def test_every_image_stands_on_a_digest() -> None:
    assert unpinned(TEXT) == []
    assert unpinned("FROM python:3.11 AS system") == ["python:3.11"]


def test_every_from_names_its_stage() -> None:
    assert len(re.findall(r"^FROM ", TEXT, re.MULTILINE)) == len(bases(TEXT))


def test_a_served_image_does_not_run_as_root() -> None:
    assert [name for name in SERVED if not re.search(r"^USER tayho$", stage(TEXT, name), re.MULTILINE)] == []


def test_a_served_image_has_a_health_check_and_a_command() -> None:
    for name in SERVED:
        assert re.search(r"^HEALTHCHECK .*CMD \[", stage(TEXT, name), re.MULTILINE), name
        assert re.search(r"^CMD \[", stage(TEXT, name), re.MULTILINE), name


def test_compilers_stay_in_the_build_stage() -> None:
    assert "g++" in stage(TEXT, "build")
    assert [name for name in (*SERVED, "system") if "g++" in stage(TEXT, name)] == []


def test_everything_that_is_copied_is_there_and_not_ignored() -> None:
    allowed = {line[1:].rstrip("/") for line in (ROOT / ".dockerignore").read_text().splitlines() if line[:1] == "!"}
    for source in copied(TEXT):
        assert (ROOT / source).exists(), source
        assert any(fnmatch(source.rstrip("/"), pattern) or source.startswith(f"{pattern}/") for pattern in allowed), (
            source
        )


def test_scripts_can_be_executed() -> None:
    scripts = [ROOT / path for path in re.findall(r"(?:docker|setup)/\w+\.sh", TEXT)]
    assert [script.name for script in scripts if not script.stat().st_mode & 0o100] == []


def test_packages_come_from_the_hashed_locks_alone() -> None:
    assert not re.search(r"\bpip install\b|\bcurl\b|\bwget\b|^ADD ", TEXT, re.MULTILINE)


def pins(name: str) -> dict[str, str]:
    """Give what a lock names, with its version."""
    text = (ROOT / "locks" / f"{name}.txt").read_text(encoding="utf-8")
    return dict(re.findall(r"^([\w.-]+)==([^ ;\\]+)", text, re.MULTILINE))


def test_the_image_holds_what_the_lake_asks_for_in_the_versions_that_were_tested() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    asked = {
        re.split(r"[=<>]", need)[0] for need in (*project["dependencies"], *project["optional-dependencies"]["lake"])
    }
    assert asked <= pins("image").keys()
    assert pins("image").items() <= pins("lake").items()


def test_the_image_holds_no_tools() -> None:
    assert pins("image").keys().isdisjoint({"pytest", "mypy", "ruff", "coverage", "cmake"})
