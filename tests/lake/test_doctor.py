"""The doctor finds what is missing and says how to mend it."""

import socket
from pathlib import Path

import pytest

from spark_apps.lake.doctor import CHECKS, Finding, examine


def finding(name: str) -> Finding:
    return next(one for one in examine() if one.check.name == name)


def test_this_machine_is_well() -> None:
    assert [one.check.name for one in examine() if not one.is_well] == []


def test_a_machine_without_java_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    found = finding("java")
    assert (found.is_well, found.found) == (False, "no java on PATH")
    assert "openjdk-17" in found.check.mend


def test_a_java_that_is_too_old_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "java").write_text("#!/bin/sh\necho 'openjdk version \"11.0.2\"' >&2\n")
    (tmp_path / "java").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    assert not finding("java").is_well


def test_missing_broker_jars_are_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf" / "local.toml").write_text("")
    assert not finding("broker jars").is_well


def test_who_names_a_broker_needs_no_jars_of_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf" / "local.toml").write_text('[kafka]\nbootstrap_servers = "broker:9092"\n')
    monkeypatch.chdir(tmp_path)
    assert finding("broker jars").is_well


def test_a_missing_jar_of_spark_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("spark_apps.lake.doctor.LAKE_JARS", ("delta-spark", "no-such-jar"))
    assert (finding("spark jars").is_well, finding("spark jars").found) == (
        False,
        "not among Spark's jars: no-such-jar",
    )


def test_a_broker_that_does_not_answer_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{closed.getsockname()[1]}"
    monkeypatch.setenv("TAYHO_KAFKA__BOOTSTRAP_SERVERS", address)
    assert address in finding("broker").found
    assert not finding("broker").is_well


def test_a_broker_that_answers_is_well(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        monkeypatch.setenv("TAYHO_KAFKA__BOOTSTRAP_SERVERS", f"127.0.0.1:{server.getsockname()[1]}")
        assert finding("broker").is_well


def test_settings_that_cannot_be_read_are_the_first_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TAYHO_NOTHING", "1")
    (found,) = examine()
    assert "TAYHO_NOTHING" in found.found
    assert not found.is_well


def test_every_check_says_what_fails_without_it_and_how_to_mend_it() -> None:
    assert all(check.without.endswith(".") and check.mend.endswith(".") for check in CHECKS)
