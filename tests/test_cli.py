"""The command: help everywhere, errors in one sentence."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from pyspark.sql import SparkSession
from typer.testing import CliRunner

from spark_apps.cli import app, main
from spark_apps.errors import BadQuery, RuleViolated, ServiceFailed
from spark_apps.jobs.day import Day
from tests.house.tree import ROOT

COMMANDS = ("run", "live", "sql", "state", "explain", "approve", "check-config", "doctor")
COMMAND = Path(sys.executable).with_name("tayho")


def test_help_names_every_command() -> None:
    shown = CliRunner().invoke(app, ["--help"]).output
    assert all(name in shown for name in COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_has_its_help(command: str) -> None:
    result = CliRunner().invoke(app, [command, "--help"])
    assert (result.exit_code, "--profile" in result.output) == (0, True)


def test_check_config_prints_every_value_and_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TAYHO_KAFKA__PASSWORD", "open sesame")
    shown = CliRunner().invoke(app, ["check-config"], terminal_width=200).output
    assert "TAYHO_KAFKA__PASSWORD" in shown
    assert "sesame" not in shown
    assert json.loads(CliRunner().invoke(app, ["check-config", "--json"]).output)["seed"] == 7


def test_doctor_exits_zero_on_a_well_machine() -> None:
    assert CliRunner().invoke(app, ["doctor"]).exit_code == 0
    assert all(one["ok"] for one in json.loads(CliRunner().invoke(app, ["doctor", "--json"]).output))


def test_an_error_of_ours_is_one_sentence(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "argv", ["tayho", "check-config", "--profile", "nowhere"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 1
    said = capsys.readouterr()
    assert "BadSetting: conf/nowhere.toml: there is no such profile" in said.err
    assert said.out == "", "an error is no part of an answer that a program reads"


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("selec 1", "Syntax error at or near 'selec'"),
        ("select nothing from latest_bars", "`nothing` cannot be resolved"),
        ("select 1 / 0", "Division by zero"),
    ],
)
def test_sql_that_cannot_be_answered_is_one_sentence(
    query: str, words: str, spark: SparkSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    printed: list[str] = []
    monkeypatch.setattr("logging.StreamHandler.emit", lambda _, record: printed.append(record.name))
    with pytest.raises(BadQuery) as failed:
        CliRunner().invoke(app, ["sql", query], catch_exceptions=False)
    assert words in str(failed.value)
    assert "\n" not in str(failed.value) and ".. " not in str(failed.value)
    assert printed == []


@pytest.mark.parametrize("file", ["checks/state_chain.sql", "queries/what_broke.sql"])
def test_sql_of_a_file_that_begins_with_a_comment_is_answered(
    file: str, spark: SparkSession, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("TAYHO_LAKE_ROOT", str(tmp_path / "lake"))
    answered = CliRunner().invoke(app, ["sql", (ROOT / "sql" / file).read_text(encoding="utf-8")])
    assert answered.exit_code == 0, answered.output


def test_a_run_whose_check_does_not_hold_says_all_and_fails(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    sums = {"gold.bars_1m": {"sum(volume)": 27_195_700}}
    made = Day([("gold.bars_1m", 3, "", "", "", "", "", "")], sums, {}, {"state_chain": 2, "silent_minutes": 1}, {})
    monkeypatch.setattr("spark_apps.jobs.day.make_day", lambda *_: made)
    monkeypatch.setenv("TAYHO_LAKE_ROOT", str(tmp_path / "lake"))
    ended = CliRunner().invoke(app, ["run"])
    assert "gold.bars_1m keeps of its input sum(volume) = 27,195,700" in ended.output
    assert "0 of 2 hold, not silent_minutes (1 rows), state_chain (2 rows)" in ended.output
    assert isinstance(ended.exception, RuleViolated)
    assert "state_chain.sql (2 rows)" in str(ended.exception)


def test_a_run_that_stops_names_its_log_and_the_log_the_reason(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def dies(*_: object) -> None:
        raise ServiceFailed("live query gold died: no room")

    monkeypatch.setattr("spark_apps.jobs.day.make_day", dies)
    monkeypatch.setenv("TAYHO_LAKE_ROOT", str(tmp_path / "lake"))
    ended = CliRunner().invoke(app, ["run"], terminal_width=300)
    (log,) = tmp_path.rglob("run.log")
    assert isinstance(ended.exception, ServiceFailed)
    assert str(log) in ended.output
    assert json.loads(log.read_text(encoding="utf-8"))["reason"] == "live query gold died: no room"


def test_what_looks_like_markup_is_shown_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TAYHO_REPORT_ROOT", "build/[red]reports")
    assert "build/[red]reports" in CliRunner().invoke(app, ["check-config"], terminal_width=200).output


def test_the_command_is_installed_beside_python() -> None:
    shown = subprocess.run([COMMAND, "--help"], capture_output=True, text=True, check=True).stdout
    assert "Vietnamese stock market" in shown


@pytest.mark.parametrize("words", [("bars_1d",), ("stage", "gold.bars_1d"), ("report",)], ids=lambda words: words[0])
def test_a_job_file_ends_in_one_sentence_where_an_error_of_ours_stops_it(words: tuple[str, ...]) -> None:
    file, *names = words
    days = ("--start", "2026-11-20", "--end", "2026-11-20", "--profile", "nowhere")
    command = [sys.executable, f"spark_apps/jobs/{file}.py", *names, *days]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (ended.returncode, "Traceback" in ended.stderr) == (1, False), ended.stderr
    assert ended.stderr.splitlines()[-1].startswith("BadSetting: conf/nowhere.toml: there is no such profile")
