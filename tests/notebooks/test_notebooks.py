"""Both notebooks run on a small session of the simulated market."""

import json
import re
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyspark.sql import SparkSession

from notebooks.run import FOLDER, cells, main, run
from spark_apps.jobs import bars_1d, bars_1m, indicators_1m, ticks, trades
from spark_apps.kernels.records import encode_trades
from spark_apps.lake.job import batch
from spark_apps.lake.run import run as make
from spark_apps.lake.tables import arrow_schema
from spark_apps.lake.writing import append_arrow
from spark_apps.settings import Settings
from spark_apps.sources.admit import entries_of
from spark_apps.sources.sim.feed import envelopes
from spark_apps.tables.sources import FOLD_INPUT
from tests.conftest import settings_in
from tests.lakes import put_messages

DAY = date(2026, 11, 20)
NOTEBOOKS = sorted(FOLDER.glob("[0-9]*.py"))
Play = Callable[[str], tuple[dict[str, Any], str]]


@pytest.fixture(scope="module")
def lived(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Make a session's bars from messages, and the record that the feed would have published."""
    settings = settings_in(tmp_path_factory.mktemp("notebooks"))
    sent = [one for one in envelopes(DAY, 7, 300) if one.channel != "quote"]
    put_messages(sent, settings)
    record = {
        "topic": "tayho.fold_input", "topic_partition": 0, "topic_offset": 0, "broker_time": 0,
        "record": encode_trades(entries_of(sent)), "ingest_date": DAY, "run_id": "test",
    }  # fmt: skip
    append_arrow(FOLD_INPUT, pa.Table.from_pylist([record], arrow_schema(FOLD_INPUT.columns)), settings, {}, "{}")
    for module in (ticks, trades, bars_1m, bars_1d, indicators_1m):
        make(module.job, batch(DAY, DAY), spark, settings)
    return settings


@pytest.fixture
def played(
    spark: SparkSession, lived: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Play:
    """Run a notebook over the session; give its names and what it showed."""
    for name in ("lake_root", "report_root"):
        monkeypatch.setenv(f"TAYHO_{name.upper()}", str(getattr(lived, name)))

    def play(notebook: str) -> tuple[dict[str, Any], str]:
        names = run(FOLDER / f"{notebook}.py", spark, lived, session_date=str(DAY))
        return names, capsys.readouterr().out

    return play


def test_the_life_of_a_tick_follows_one_trade(played: Play) -> None:
    names, shown = played("01_life_of_a_tick")
    trade = names["trade"]
    (message,) = names["message"].collect()
    said = json.loads(message.payload)
    assert (said["symbol"], said["seq"], said["price"]) == (trade.symbol, trade.source_seq, trade.price)
    entry = f"TRADE at offset 0: {{'instrument_id': {trade.instrument_id}, "
    assert shown.count(entry) == 1
    assert f"'source_seq': {trade.source_seq}, " in shown.split(entry)[1].splitlines()[0]
    (bar,) = names["spark"].table("gold.bars_1m").where(names["same_bar"]).collect()
    assert bar.low <= trade.price <= bar.high
    assert str(bar.volume) in shown


def test_what_the_market_did_is_what_its_bars_say(played: Play) -> None:
    names, shown = played("02_what_the_market_did_today")
    bars = names["spark"].table("gold.bars_1d").where(names["day"]).collect()
    first = names["traded"].first()
    assert first.value == max(bar.value for bar in bars)
    assert f"|{first.symbol}|" in shown.replace(" ", "")
    assert names["minutes"]["billions"].sum() * 1e9 == pytest.approx(float(sum(bar.value for bar in bars)))
    assert "{'bars_key_unique': 0, " in shown


def test_every_notebook_is_played_here() -> None:
    assert [path.stem for path in NOTEBOOKS] == ["01_life_of_a_tick", "02_what_the_market_did_today"]


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_asks_a_question_and_defines_nothing(notebook: Path) -> None:
    first, *others = cells(notebook)
    assert re.fullmatch(r"# MAGIC # .+\?", first.splitlines()[1])
    assert not [cell for cell in others if re.search(r"^\s*(def|class) ", cell, re.MULTILINE)]


def test_a_lake_without_a_session_is_refused_with_the_next_step(
    spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TAYHO_LAKE_ROOT", str(tmp_path))
    monkeypatch.setattr("notebooks.run.session", lambda *_: spark)
    with pytest.raises(SystemExit, match="holds no session to look at. Run `make run` first"):
        main([])


def test_a_file_that_is_no_notebook_is_refused(tmp_path: Path) -> None:
    (tmp_path / "plain.py").write_text("print(1)\n")
    with pytest.raises(ValueError, match="first line"):
        cells(tmp_path / "plain.py")
