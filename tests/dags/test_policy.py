"""What every DAG file must hold, read from its text: the lake environment has no Airflow."""

import ast
import json
from pathlib import Path
from types import SimpleNamespace

import pytest

from spark_apps.jobs import all_jobs
from spark_apps.scheduling import Tag, alerts_file, arguments, defaults, stages, write_alert
from spark_apps.tables.daily import DAILY_PRICES, RETURNS_1D
from spark_apps.tables.market import BARS_1M, BARS_5M, TICKS, TRADES
from spark_apps.tables.model import Table
from tests.house.tree import ROOT

HEADINGS = ("**Makes:**", "**Read by:**", "**If it fails:**", "**To rerun:**", "**Runbook:**")
DAGS = sorted((ROOT / "airflow" / "dags").glob("*.py"))


def headings_of(text: str) -> list[str]:
    """Give the headings of a DAG's docstring in their order; none when it does not stand first."""
    docstring = ast.get_docstring(ast.parse(text)) or ""
    return sorted((heading for heading in HEADINGS if heading in docstring), key=docstring.index)


def staged(path: Path) -> dict[str, tuple[Table, ...]]:
    """Read the stages that a DAG file hands to lake_tasks."""
    calls = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]
    (call,) = [node for node in calls if isinstance(node.func, ast.Name) and node.func.id == "lake_tasks"]
    (given,) = [argument for argument in call.args if isinstance(argument, ast.Dict)]
    by_constant = {job.writes.name.upper(): job.writes for job in all_jobs()}
    return {
        str(ast.literal_eval(key)): tuple(by_constant[ast.unparse(name)] for name in value.elts)
        for key, value in zip(given.keys, given.values, strict=True)
        if key is not None and isinstance(value, ast.Tuple)
    }


@pytest.mark.parametrize("path", DAGS, ids=lambda path: path.stem)
def test_a_dag_begins_with_its_five_headings_and_shows_them(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert headings_of(text) == list(HEADINGS)
    assert "doc_md=__doc__" in text
    assert headings_of(f"import os\n{text}") == []


@pytest.mark.parametrize("path", DAGS, ids=lambda path: path.stem)
def test_a_dag_has_its_runbook(path: Path) -> None:
    assert f"**Runbook:** `docs/runbooks/{path.stem}.md`" in path.read_text(encoding="utf-8")
    assert (ROOT / "docs" / "runbooks" / f"{path.stem}.md").is_file()


@pytest.mark.parametrize("path", DAGS, ids=lambda path: path.stem)
def test_a_dag_has_owner_zone_and_known_tags(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    tags = {
        node.attr
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "Tag"
    }
    assert tags
    assert tags <= set(Tag.__members__)
    assert "default_args=defaults(" in text
    assert "tz=TIMEZONE" in text


@pytest.mark.parametrize("path", DAGS, ids=lambda path: path.stem)
def test_a_dag_file_imports_neither_spark_nor_the_lake(path: Path) -> None:
    imported = [node.module or "" for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.ImportFrom)]
    ours = {name for name in imported if name.startswith("spark_apps")}
    assert {name for name in ours if not name.startswith(("spark_apps.scheduling", "spark_apps.tables"))} == set()
    assert not {name for name in imported if name.split(".")[0] in {"pyspark", "delta", "deltalake"}}


def test_every_batch_table_is_in_exactly_one_dag() -> None:
    named = [table.full_name for path in DAGS for members in staged(path).values() for table in members]
    assert sorted(named) == sorted(job.writes.full_name for job in all_jobs())


def test_edges_follow_what_tables_are_made_from() -> None:
    for path in DAGS:
        for stage in stages(staged(path)):
            sources = {source for table in stage.tables for source in table.made_from} - set(stage.tables)
            homes = {name for name, members in staged(path).items() if sources & set(members)}
            assert set(stage.after) == homes


def test_a_table_named_twice_is_refused() -> None:
    with pytest.raises(ValueError, match=r"gold\.bars_1m is in the stages a and b"):
        stages({"a": (BARS_1M,), "b": (BARS_1M,)})


def test_stages_that_need_each_other_are_refused() -> None:
    with pytest.raises(ValueError, match="cycle"):
        stages({"a": (TICKS, BARS_1M), "b": (TRADES, BARS_5M)})


def test_a_stage_goes_back_to_the_days_whose_input_may_still_come() -> None:
    line = arguments((TICKS,), 3)
    assert ", -6) }}" in line[1]  # three days late, and not seen before the weekend was over
    assert line[-1] == "silver.ticks"


def test_a_stage_of_daily_files_takes_all_days() -> None:
    assert arguments((DAILY_PRICES, RETURNS_1D), 3) == [
        "--start", "1970-01-01", "--end", "9999-12-31", "silver.daily_prices", "gold.returns_1d",
    ]  # fmt: skip
    for path in DAGS:
        for stage in stages(staged(path)):
            assert arguments(stage.tables, 3)


def test_a_stage_of_messages_and_files_is_refused() -> None:
    with pytest.raises(ValueError, match=r"silver\.daily_prices, made from daily files over all days: part them"):
        arguments((TICKS, DAILY_PRICES), 3)


def test_a_failed_task_leaves_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path))
    task = SimpleNamespace(dag_id="market_daily", task_id="minutes", run_id="manual", try_number=3)
    write_alert({"task_instance": task, "exception": ValueError("no luck")})
    (line,) = alerts_file().read_text(encoding="utf-8").splitlines()
    assert json.loads(line) | {"at": ""} == {
        "at": "", "dag": "market_daily", "task": "minutes", "run": "manual", "attempt": 3, "error": "no luck",
        "runbook": "docs/runbooks/market_daily.md",
    }  # fmt: skip


def test_every_task_has_owner_retries_and_alert() -> None:
    shared = defaults("market-data")
    assert (shared["owner"], shared["retries"], shared["on_failure_callback"]) == ("market-data", 2, write_alert)
