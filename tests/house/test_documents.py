"""Documents stay true: generated pages, links, decisions, the changelog, variables, sizes of tests."""

import ast
import re
from pathlib import Path
from statistics import median

import pytest

from docs.generate import pages
from spark_apps.settings import OTHER_VARIABLES, variables
from tests.house.tree import ROOT, listed, read

HEADINGS = ["Added", "Changed", "Fixed", "Removed", "Tables"]
LINK = re.compile(r"\]\((?!https?://|#)([^)#\s]+)")
VARIABLE = re.compile(r"\bTAYHO_[A-Z0-9_]+")
PAGES = pages()


def bad_numbers(names: list[str]) -> list[str]:
    """Give the decisions whose number does not follow the one before."""
    return [name for place, name in enumerate(names, 1) if not name.startswith(f"{place:04d}-")]


def dead_links(page: Path, text: str) -> list[str]:
    """Give the links of a page that lead to no file."""
    return [link for link in LINK.findall(text) if not (page.parent / link).exists()]


def test_lengths(text: str) -> list[int]:
    """Give the number of lines of every test in a source."""
    tests = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef)]
    return [(node.end_lineno or 0) - node.lineno + 1 for node in tests if node.name.startswith("test_")]


test_lengths.__test__ = False  # type: ignore[attr-defined]  # pytest would take it for a test


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_generated_page_is_as_make_docs_writes_it(path: Path) -> None:
    assert path.is_file(), "run `make docs`"
    assert path.read_text(encoding="utf-8") == PAGES[path], "run `make docs`"


def test_no_page_stands_for_a_table_that_is_gone() -> None:
    assert set((ROOT / "docs" / "tables").glob("*.md")) - PAGES.keys() == set()


def test_the_environment_example_names_every_variable_and_no_other() -> None:
    named = set(VARIABLE.findall(read(".env.example")))
    assert named == set(variables())


def test_no_file_names_a_variable_that_no_setting_knows() -> None:
    known = set(variables()) | OTHER_VARIABLES
    patterns = ("spark_apps/", "docker/", "Makefile", "setup/", ".ci/", ".github/", "docs/*.md", "*.md", "conf/")
    found = {path: set(VARIABLE.findall(read(path))) - known for path in listed(*patterns)}
    assert {path: names for path, names in found.items() if names} == {}


def test_decisions_are_numbered_without_gaps_and_have_a_status() -> None:
    names = [Path(path).name for path in listed("docs/adr/[0-9]*.md")]
    assert bad_numbers(names) == []
    assert [name for name in names if "\nStatus: " not in read(f"docs/adr/{name}")] == []
    assert bad_numbers(["0001-a.md", "0003-b.md"]) == ["0003-b.md"]


def test_the_changelog_keeps_its_headings() -> None:
    unreleased = read("CHANGELOG.md").split("## [Unreleased]")[1].split("\n## ")[0]
    assert re.findall(r"^### (.+)$", unreleased, re.MULTILINE) == HEADINGS


@pytest.mark.parametrize("page", listed("*.md"))
def test_a_page_has_no_dead_links(page: str) -> None:
    assert dead_links(ROOT / page, read(page)) == []


def test_a_planted_dead_link_is_seen() -> None:
    assert dead_links(ROOT / "README.md", "[x](docs/nowhere.md)") == ["docs/nowhere.md"]


def test_tests_and_files_stay_short() -> None:
    lengths = [length for path in listed("tests/**/test_*.py") for length in test_lengths(read(path))]
    files = [read(path).count("\n") for path in listed("spark_apps/*.py")]
    assert median(lengths) <= 10
    assert median(files) <= 100
