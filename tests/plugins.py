"""What holds for every test session: measured workers, skips from a committed list, floors of critical modules."""

import json
import os
import shutil
import sys
import tomllib
from collections.abc import Iterable
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pyspark
import pytest

ROOT = Path(__file__).parents[1]
REAL_DATA = Path(os.environ.get("TAYHO_REAL_DATA", ROOT.parent / "shared" / "data"))
COVERAGE = ROOT / "build" / "tests" / "coverage.json"
# Nearly all that the tests give to Spark is tiny: compiling code for it, Spark's own or the JVM's second compiler's,
# costs more than running it. What one compiler makes of a whole suite needs more room than its default of 48 MiB,
# which is swept and filled again; two workers on two cores have no core for a collector of its own.
JVM = "-Duser.timezone=UTC -Xss4m -XX:TieredStopAtLevel=1 -XX:ReservedCodeCacheSize=256m -XX:+UseSerialGC"
# Workers that coverage can measure.
OF_TESTS = f"""
spark.python.daemon.module                                tests.coverage_daemon
spark.sql.codegen.factoryMode                             NO_CODEGEN
spark.driver.extraJavaOptions                             {JVM}
"""
FIGURES = ("real data: ",)
REFUSED: pytest.StashKey[list[str]] = pytest.StashKey()


def pytest_configure(config: pytest.Config) -> None:
    """Give every Spark session of the tests, those of subprocesses included, workers that coverage can measure."""
    config.stash[REFUSED] = []
    if _is_worker(config):
        return  # it has the variables of the process that started it
    folder = ROOT / "build" / "tests" / "spark"
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(ROOT / "conf" / "spark" / "log4j2.properties", folder)
    defaults = (Path(pyspark.__file__).parent / "conf" / "spark-defaults.conf").read_text(encoding="utf-8")
    (folder / "spark-defaults.conf").write_text(f"{defaults}\n{OF_TESTS}", encoding="utf-8")
    os.environ.update(SPARK_CONF_DIR=str(folder), PYSPARK_PYTHON=sys.executable)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest; skip tests marked real_data where the shared data folder is not on the machine."""
    longest: dict[Path, float] = {}
    for item in items:
        timeout = item.get_closest_marker("timeout")
        longest[item.path] = max(longest.get(item.path, 0), timeout.args[0] if timeout else 0)
    items.sort(key=lambda item: -longest[item.path])
    if not REAL_DATA.is_dir():
        for item in items:
            if item.get_closest_marker("real_data"):
                item.add_marker(pytest.mark.skip(reason="real_data: the shared data folder is not on this machine"))


def skips_in(text: str) -> list[tuple[str, str]]:
    """Read a list of allowed skips: per line a pattern of test ids, a bar, the reason."""
    parts = [line.split("|", 1) for line in text.splitlines() if line and not line.startswith("#")]
    return [(pattern.strip(), reason.strip()) for pattern, reason in parts]


def is_allowed(test: str, reason: str, allowed: list[tuple[str, str]], data_is_here: bool) -> bool:
    """Answer whether a skip stands in the list; where the data is, none for want of data does."""
    if reason.startswith("real_data:") and data_is_here:
        return False
    return any(fnmatch(test, pattern) and reason == words for pattern, words in allowed)


def refused_skips(reports: Iterable[pytest.TestReport]) -> list[str]:
    """Name each skip that the committed list does not allow; an expected failure is none."""
    allowed = skips_in((ROOT / "tests" / "allowed_skips.txt").read_text(encoding="utf-8"))
    found = []
    for report in reports:
        if not hasattr(report, "wasxfail") and isinstance(report.longrepr, tuple):
            reason = report.longrepr[2].removeprefix("Skipped: ")
            if not is_allowed(report.nodeid, reason, allowed, REAL_DATA.is_dir()):
                found.append(f"{report.nodeid}: skipped without leave ({reason})")
    return found


def below_floor(report: dict[str, Any], critical: list[str]) -> list[str]:
    """Name critical modules of a coverage report with lines that no test ran, and patterns that match no module."""
    found = []
    for pattern in critical:
        modules = {name: module for name, module in report["files"].items() if fnmatch(name, pattern)}
        if not modules:
            found.append(f"{pattern}: [tool.tayho] critical names it, but coverage measured no such module")
        for name, module in sorted(modules.items()):
            if module["missing_lines"]:
                found.append(f"{name}: critical, but no test runs lines {module['missing_lines']}")
    return found


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail a session with a skip out of the list, and a whole one with a critical module below its floor."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if _is_worker(session.config) or reporter is None:
        return
    broken = session.config.stash[REFUSED]
    broken += refused_skips(reporter.stats.get("skipped", []))
    if str(COVERAGE) in _reports(session.config):
        critical = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["tayho"]["critical"]
        broken += below_floor(json.loads(COVERAGE.read_text(encoding="utf-8")), critical)
    if broken and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def _is_worker(config: pytest.Config) -> bool:
    """Say whether this process runs tests for another one, which sees all of them."""
    return hasattr(config, "workerinput")


def _reports(config: pytest.Config) -> list[str]:
    """Give the files that pytest-cov wrote in this session."""
    wanted = config.getoption("cov_report", {}) or {}
    return [str(ROOT / path) for path in wanted.values() if path]


def figures_in(outputs: Iterable[str]) -> list[str]:
    """Give what tests measured and printed, once each: pytest shows the output of a test that passed to nobody."""
    return list(dict.fromkeys(line for output in outputs for line in output.splitlines() if line.startswith(FIGURES)))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say what tests measured, and what broke the session, above pytest's last line."""
    reports = [report for reports in terminalreporter.stats.values() for report in reports]
    for line in figures_in(getattr(report, "capstdout", "") for report in reports):
        terminalreporter.line(line, bold=True)
    for line in config.stash[REFUSED]:
        terminalreporter.line(line, red=True)
