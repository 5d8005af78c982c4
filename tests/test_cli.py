"""The command: help everywhere, errors in one sentence."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from spark_apps.cli import app, main

COMMAND = Path(sys.executable).with_name("tayho")


def test_help_names_every_command() -> None:
    shown = CliRunner().invoke(app, ["--help"]).output
    assert all(name in shown for name in ("run", "live", "sql", "check-config", "doctor"))


@pytest.mark.parametrize("command", ["run", "live", "sql", "check-config", "doctor"])
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
    assert "BadSetting: conf/nowhere.toml: there is no such profile" in capsys.readouterr().out


def test_the_command_is_installed_beside_python() -> None:
    shown = subprocess.run([COMMAND, "--help"], capture_output=True, text=True, check=True).stdout
    assert "Vietnamese stock market" in shown
