"""One stem runs through declaration, job and page; every error is raised; every word is explained."""

import ast
import re
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

import pytest

from spark_apps import errors, jobs
from spark_apps.lake.job import Job
from spark_apps.tables import ALL_TABLES
from spark_apps.tables.model import Table
from tests.house.tree import ROOT, listed, read

ERRORS = [name for name, value in vars(errors).items() if isinstance(value, type) and name != "TayhoError"]


def bound_jobs() -> dict[str, Job]:
    """Give every job by the stem of its file."""
    modules = {module.name: import_module(f"{jobs.__name__}.{module.name}") for module in iter_modules(jobs.__path__)}
    return {stem: module.job for stem, module in modules.items() if hasattr(module, "job")}


def broken_stems(bound: dict[str, Job]) -> list[str]:
    """Give the jobs that are not named after the table they write."""
    return [f"{stem} writes {job.writes.full_name}" for stem, job in bound.items() if stem != job.writes.name]


def unwritten(tables: tuple[Table, ...], bound: dict[str, Job]) -> set[str]:
    """Give the batch tables that no job writes, itself or as the state that it carries."""
    written = {made.full_name for job in bound.values() for made in (job.writes, *job.writes.carries)}
    kept = {"quarantine", "late", "duplicate"}
    wanted = {table.full_name for table in tables if table.upkeep == "replace" and table.layer not in kept}
    return wanted - written


def raised_in(text: str) -> set[str]:
    """Give the names of the errors that a source raises."""
    raises = (node.exc for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Raise) and node.exc)
    calls = (error.func if isinstance(error, ast.Call) else error for error in raises)
    return {call.id for call in calls if isinstance(call, ast.Name)}


def unexplained(words: set[str], glossary: str) -> list[str]:
    """Give the words that stand nowhere in the glossary as code."""
    return sorted(words - set(re.findall(r"`([a-z0-9_]+)`", glossary)))


def test_a_job_is_named_after_its_table() -> None:
    found = bound_jobs()
    assert broken_stems(found) == []
    assert broken_stems({"wrong": next(iter(found.values()))}) != []


def test_every_batch_table_is_written_by_a_job() -> None:
    assert unwritten(ALL_TABLES, bound_jobs()) == set()
    assert unwritten(ALL_TABLES, {}) != set()


@pytest.mark.parametrize("table", ALL_TABLES, ids=lambda table: str(table.full_name))
def test_a_table_has_its_page(table: Table) -> None:
    assert f"# {table.full_name}\n" in read(f"docs/tables/{table.full_name}.md")


@pytest.mark.parametrize("error", ERRORS)
def test_an_error_is_raised_somewhere_and_tested(error: str) -> None:
    assert any(error in raised_in(read(path)) for path in listed("spark_apps/*.py"))
    assert any(re.search(rf"raises\([^)]*\b{error}\b", read(path)) for path in listed("tests/*.py"))


def test_a_planted_error_that_nobody_raises_is_seen() -> None:
    assert raised_in("def f():\n    raise BadSetting('x')") == {"BadSetting"}


def test_the_glossary_explains_every_column_and_room() -> None:
    columns = {column.name for table in ALL_TABLES for column in (*table.columns, *table.evidence)}
    rooms = {Path(path).parts[1].removesuffix(".py") for path in listed("spark_apps/*.py")} - {"__init__"}
    assert unexplained(columns | rooms, (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")) == []
    assert unexplained({"close"}, "`open`") == ["close"]
