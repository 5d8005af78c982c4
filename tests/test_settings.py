"""Settings: one file, then variables; unknown keys and wrong types are refused by name."""

from pathlib import Path

import pytest

from spark_apps.errors import BadSetting
from spark_apps.settings import Settings, load, variables


def profile(folder: Path, text: str) -> Settings:
    (folder / "local.toml").write_text(text, encoding="utf-8")
    return load("local", folder)


def test_a_variable_wins_over_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TAYHO_KAFKA__PARTITIONS", "3")
    assert profile(tmp_path, "seed = 5\n[kafka]\npartitions = 2").kafka.partitions == 3


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("sead = 5", "local.toml.*sead"),
        ("[kafka]\npartition = 2", "kafka.partition"),
        ("seed = 'many'", "seed.*valid integer"),
        ("seed = -1", "seed.*greater than or equal to 0"),
        ("[live]\nahead_seconds = 10000000000", "live.ahead_seconds.*less than or equal to 86400"),
        ("[live]\ngeneration = 1099511627776", "live.generation.*less than 2147483648"),
        ("[live]\ntail_limit = 1000000000000", "live.tail_limit.*less than or equal to 1000000000"),
        ("seed =", "local.toml: not readable as TOML"),
        ("[kafka]\nprefix = 'No Spaces'", "kafka.prefix"),
        (
            "[[portfolios]]\nname = 'book'\nvalue_vnd = 1\nweights = { XANB = '1', XQTE = '0' }",
            "local.toml.*portfolio book: the weight of XQTE is 0, it must be above zero",
        ),
        ("[[strategies]]\nbegins = 2020-01-01T00:00:00\nmembers = {}", "strategies.0.begins.*timezone"),
        (
            "[[strategies]]\nbegins = 2020-01-01T00:00:00Z\nmembers = { momentum = { rice = 1 } }",
            "local.toml.*strategy momentum: no parameter rice; it has rise, weight",
        ),
        ("[[strategies]]\nbegins = 1960-01-01T00:00:00Z\nmembers = {}", "begins on 1960-01-01.*from 1970 to 2116"),
        ("[[strategies]]\nbegins = 9999-01-01T00:00:00Z\nmembers = {}", "begins on 9999-01-01.*from 1970 to 2116"),
        (
            "[[strategies]]\nbegins = 2020-01-01T00:00:00Z\nmembers = { market_pair = { weight = 1 } }",
            r"market_pair reads .*market_beta_30: it is a member of \[\[cross_strategies\]\]",
        ),
        (
            "[[cross_strategies]]\nbegins = 2020-01-01T00:00:00Z\nmembers = { momentum = { weight = 1 } }",
            r"momentum reads .*roc_10: it is a member of \[\[strategies\]\]",
        ),
        (
            2 * "[[strategies]]\nbegins = 2020-01-02T00:00:00Z\nmembers = {}\n",
            "begins must rise from book to book",
        ),
    ],
)
def test_a_bad_key_or_value_is_named_with_its_file(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(BadSetting, match=words):
        profile(tmp_path, text)


def test_a_variable_that_no_setting_knows_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TAYHO_KAFKA__PARTITION", "3")
    with pytest.raises(BadSetting, match="unknown TAYHO_KAFKA__PARTITION"):
        load()


def test_a_variable_in_small_letters_is_held_to_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("tayho_sede", "3")
    with pytest.raises(BadSetting, match="unknown tayho_sede"):
        load()


def test_the_strategies_of_the_repository_are_read_whatever_the_profile() -> None:
    (first, *_) = load("prod").strategies
    names = [each.name for each in first.book.strategies]
    assert names == ["momentum", "mean_reversion", "breakout", "book_pressure"]
    (over_standings, *_) = load("prod").cross_strategies
    assert [each.name for each in over_standings.book.strategies] == ["cross_momentum", "market_pair"]


def test_files_that_cannot_be_read_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "portfolios.toml").write_text("[[portfolios")
    with pytest.raises(BadSetting, match=r"portfolios.toml: not readable as TOML in UTF-8"):
        profile(tmp_path, "seed = 5")
    (tmp_path / "portfolios.toml").write_bytes(b"\xff")
    with pytest.raises(BadSetting, match=r"portfolios.toml: not readable as TOML in UTF-8"):
        profile(tmp_path, "seed = 5")
    (tmp_path / "portfolios.toml").unlink()
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_bytes(b"TAYHO_SEED=\xff")
    with pytest.raises(BadSetting, match=r"\.env: not readable as UTF-8"):
        profile(tmp_path, "seed = 5")


@pytest.mark.parametrize(("name", "field"), [("KAFKA__SOURCES", "kafka"), ("PORTFOLIOS", "portfolios")])
def test_a_list_that_is_no_json_is_refused(name: str, field: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"TAYHO_{name}", "sim")
    with pytest.raises(BadSetting, match=f'"{field}".*written as JSON'):
        load()


def test_an_unknown_key_of_dotenv_is_refused_and_the_file_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_text("TAYHO_SEDE=5\n")
    with pytest.raises(BadSetting, match=r"\.env.*tayho_sede"):
        profile(tmp_path, "seed = 5")


def test_a_folder_without_profiles_says_where_to_start(tmp_path: Path) -> None:
    with pytest.raises(BadSetting, match="none; start in the repository's folder"):
        load("local", tmp_path)


def test_a_profile_that_is_not_there_is_answered_with_those_that_are() -> None:
    with pytest.raises(BadSetting, match="profiles here: local, prod"):
        load("production")


def test_a_secret_is_in_no_print(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TAYHO_KAFKA__PASSWORD", "open sesame")
    assert "sesame" not in load().model_dump_json() + repr(load())


def test_another_value_is_another_fingerprint() -> None:
    assert load().fingerprint != load().with_values(seed=8).fingerprint


def test_every_setting_has_a_variable_with_a_meaning() -> None:
    assert {"TAYHO_SEED", "TAYHO_KAFKA__BOOTSTRAP_SERVERS", "TAYHO_FEATURES__DATA_DOCS"} <= variables().keys()
    assert all(variables().values())


def test_the_profile_is_the_file_that_was_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("local", "other"):
        (tmp_path / f"{name}.toml").write_text(f"seed = {len(name)}")
    monkeypatch.setenv("TAYHO_PROFILE", "local")
    assert (load("other", tmp_path).profile, load("other", tmp_path).seed) == ("other", 5)


def test_a_profile_named_in_dotenv_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TAYHO_PROFILE", raising=False)
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_text("TAYHO_PROFILE=other\n")
    (tmp_path / "other.toml").write_text("seed = 5")
    assert (load(folder=tmp_path).profile, load(folder=tmp_path).seed) == ("other", 5)
