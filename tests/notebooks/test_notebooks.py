"""Both notebooks run on a small session of the simulated market."""

import re
from datetime import date
from pathlib import Path

import pyarrow as pa
import pytest
from pyspark.sql import SparkSession

from notebooks.run import FOLDER, cells, run
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


@pytest.fixture(scope="module")
def lived(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Make a session's bars from messages, and the record that the feed would have published."""
    settings = settings_in(tmp_path_factory.mktemp("notebooks"))
    sent = list(envelopes(DAY, 7, 300))
    put_messages(sent, settings)
    record = {
        "topic": "tayho.fold_input", "topic_partition": 0, "topic_offset": 0, "broker_time": 0,
        "record": encode_trades(entries_of(sent)), "ingest_date": DAY, "run_id": "test",
    }  # fmt: skip
    append_arrow(FOLD_INPUT, pa.Table.from_pylist([record], arrow_schema(FOLD_INPUT.columns)), settings, {}, "{}")
    for module in (ticks, trades, bars_1m, bars_1d, indicators_1m):
        make(module.job, batch(DAY, DAY), spark, settings)
    return settings


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs(
    notebook: Path,
    spark: SparkSession,
    lived: Settings,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name in ("lake_root", "report_root"):
        monkeypatch.setenv(f"TAYHO_{name.upper()}", str(getattr(lived, name)))
    names = run(notebook, spark, lived, session_date=str(DAY))
    shown = capsys.readouterr().out
    assert names["session_date"] == DAY
    assert "XANB" in shown or "TRADE at offset 0:" in shown


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_asks_a_question_and_defines_nothing(notebook: Path) -> None:
    first, *others = cells(notebook)
    assert re.fullmatch(r"# MAGIC # .+\?", first.splitlines()[1])
    assert not [cell for cell in others if re.search(r"^\s*(def|class) ", cell, re.MULTILINE)]


def test_a_file_that_is_no_notebook_is_refused(tmp_path: Path) -> None:
    (tmp_path / "plain.py").write_text("print(1)\n")
    with pytest.raises(ValueError, match="first line"):
        cells(tmp_path / "plain.py")
