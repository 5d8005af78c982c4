"""Skips come from the committed list, and critical modules are covered whole."""

from typing import Any

from tests.plugins import below_floor, figures_in, is_allowed, skips_in

DATA = "real_data: the shared data folder is not on this machine"
ALLOWED = skips_in(f"# a comment\n* | {DATA}\ntests/lake/* | no disk\n")


def test_a_skip_for_want_of_data_is_allowed_where_there_is_no_data() -> None:
    assert is_allowed("tests/lake/test_x.py::test_y", DATA, ALLOWED, data_is_here=False)


def test_the_same_skip_is_refused_where_the_data_is() -> None:
    assert not is_allowed("tests/lake/test_x.py::test_y", DATA, ALLOWED, data_is_here=True)


def test_a_skip_out_of_the_list_is_refused() -> None:
    assert not is_allowed("tests/lake/test_x.py::test_y", "too slow", ALLOWED, data_is_here=False)
    assert not is_allowed("tests/rules/test_x.py::test_y", "no disk", ALLOWED, data_is_here=False)


def test_a_critical_module_with_a_line_that_no_test_runs_is_named() -> None:
    report: dict[str, Any] = {
        "files": {"spark_apps/a.py": {"missing_lines": [3]}, "spark_apps/b.py": {"missing_lines": []}}
    }
    assert below_floor(report, ["spark_apps/b.py"]) == []
    assert below_floor(report, ["spark_apps/*.py"]) == ["spark_apps/a.py: critical, but no test runs lines [3]"]


def test_a_pattern_that_matches_no_module_is_named() -> None:
    assert "no such module" in below_floor({"files": {}}, ["spark_apps/gone.py"])[0]


def test_what_a_test_measured_is_said_once_and_its_other_words_are_not() -> None:
    printed = "... broker\n    2 s\nreal data: 712 s, peak 3746 MiB\n"
    assert figures_in(["", printed, printed]) == ["real data: 712 s, peak 3746 MiB"]
