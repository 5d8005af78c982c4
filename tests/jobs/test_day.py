"""A whole day through the real thing: broker, feed, live application, batch, report; and the same day again."""

import re
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest
from pyspark.sql import SparkSession
from typer.testing import CliRunner

from spark_apps.cli import app
from spark_apps.errors import BadSetting, EmptyInput, SchemaMismatch
from spark_apps.jobs import daily_price_lines, daily_prices
from spark_apps.jobs.day import Day, _sessions, make_day, settings_for
from spark_apps.jobs.report import refuse_offending_rows
from spark_apps.lake.catalogue import open_catalogue, texts
from spark_apps.lake.location import log_folder, market_file
from spark_apps.rules.instruments import simulated_instruments
from spark_apps.settings import Settings
from spark_apps.sources.cafef.simulate import write_daily_files
from tests.conftest import settings_in

pytestmark = pytest.mark.timeout(1_800)
DAILY_AND_LIVE = ("silver.daily_prices", "gold.bars_1m")
MONDAY = date(2026, 11, 23)
# A late trade is missing in its own session, and in the history of the session in which it came.
LATE = """
    SELECT instrument_id, session_date FROM late.ticks_live
    UNION SELECT instrument_id, to_date(exchange_time(available_at)) FROM late.ticks_live
"""
COLUMNS = ("table", "held", "in", "out", "quarantined", "late", "duplicate", "status")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Name a small day of its own."""
    return settings_in(tmp_path_factory.mktemp("day")).with_values(trades_per_session=3_000, history_sessions=300)


@pytest.fixture(scope="module")
def day(place: Settings, spark: SparkSession) -> Day:
    """Make the day once for all tests here; the session is there so that it stays open afterwards."""
    log_folder(place).mkdir(parents=True)  # the command logs there
    return make_day(place, None, print)


def row(day: Day, table: str) -> dict[str, object]:
    return next(dict(zip(COLUMNS, cells, strict=True)) for cells in day.rows if cells[0] == table)


def test_every_message_has_one_outcome(day: Day) -> None:
    made = [row(day, name) for name in ("silver.ticks", "silver.quotes")]
    assert row(day, "bronze.messages")["held"] == sum(
        int(str(one[name])) for one in made for name in ("out", "quarantined", "late", "duplicate")
    )
    assert [one["held"] for one in made] == [one["out"] for one in made]
    assert [one["quarantined"] for one in made] == [
        row(day, f"quarantine.{name}")["held"] for name in ("ticks", "quotes")
    ]


def test_dirt_ends_in_quarantine_live_and_at_night_alike(day: Day) -> None:
    for name in ("ticks", "quotes"):
        assert row(day, f"quarantine.{name}")["held"] == row(day, f"quarantine.{name}_live")["held"] != 0


def test_the_live_bars_equal_the_nightly_ones(day: Day, place: Settings, spark: SparkSession) -> None:
    open_catalogue(spark, place)
    late_ticks = "SELECT symbol FROM late.ticks_live JOIN instruments USING (instrument_id)"
    late, differing = (
        {found.symbol for found in spark.sql(query).collect()}
        for query in (late_ticks, "SELECT symbol FROM live_against_batch")
    )
    assert differing <= late


def test_the_live_quotes_equal_the_nightly_ones(day: Day, place: Settings, spark: SparkSession) -> None:
    open_catalogue(spark, place)
    both = "SELECT instrument_id FROM late.ticks_live UNION SELECT instrument_id FROM late.quotes_live"
    late, differing = (
        {found.instrument_id for found in spark.sql(query).collect()}
        for query in (both, "SELECT instrument_id FROM live_quotes_against_batch")
    )
    assert differing <= late
    assert spark.table("gold.quotes_1m").count() > 0


@pytest.mark.parametrize("table", ["gold.bars_1m_live", "gold.bars_1m", "silver.ticks", "silver.quotes"])
def test_live_and_batch_hold_the_session_that_is_compared(
    table: str, day: Day, place: Settings, spark: SparkSession
) -> None:
    open_catalogue(spark, place, table)
    held = spark.sql(f"SELECT session_date, count(DISTINCT instrument_id) FROM {table} GROUP BY session_date").collect()
    # The batch also holds the one trade of the day before that comes today; live it is late.
    assert (place.session_date, len(simulated_instruments())) in {tuple(row) for row in held}


def test_every_check_that_must_hold_does(day: Day) -> None:
    assert set(day.checks) == set(texts("checks"))
    refuse_offending_rows(day.checks)


def test_it_says_where_to_look(day: Day) -> None:
    assert set(day.places) == {"report", "data docs", "tables", "names", "logs"}
    assert all(path.exists() for path in day.places.values())


def test_a_folder_without_a_file_that_any_table_is_made_from_is_refused(tmp_path: Path) -> None:
    (tmp_path / "indices").mkdir()
    (tmp_path / "prices.csv").touch()
    with pytest.raises(EmptyInput, match=r"no .* cafef/prices, .*indices, vn30f/ticks"):
        make_day(settings_in(tmp_path), tmp_path, print)
    assert not settings_in(tmp_path).lake_root.exists()


@pytest.mark.parametrize("name", ["notes.csv.gz", "20260224.csv"])
def test_a_file_of_futures_that_names_no_day_is_named(tmp_path: Path, name: str) -> None:
    (tmp_path / "vn30f" / "ticks").mkdir(parents=True)
    (tmp_path / "vn30f" / "ticks" / name).touch()
    with pytest.raises(SchemaMismatch, match=rf"{name}: .* yyyymmdd"):
        _sessions(settings_in(tmp_path), tmp_path)


def test_a_folder_of_daily_files_alone_shows_their_last_session(
    tmp_path: Path, spark: SparkSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Simulated files stand for a vendor's; the jobs of gold are other tests' business."""
    files = tmp_path / "files"
    write_daily_files(files, 7, [MONDAY], 3)
    real = without_docs(settings_for(settings_in(tmp_path), files))
    log_folder(real).mkdir(parents=True)
    monkeypatch.setattr("spark_apps.jobs.day.all_jobs", lambda: (daily_price_lines.job, daily_prices.job))
    made = make_day(real, files, print)
    assert made.places["report"] == real.report_root / f"daily-{MONDAY}.html"
    assert row(made, "bronze.daily_price_lines")["held"] == 3 * len(simulated_instruments())


def test_a_lake_that_holds_no_session_yet_may_become_another_market(tmp_path: Path) -> None:
    mistaken = settings_in(tmp_path).with_values(session_date=date(2026, 11, 21))
    with pytest.raises(EmptyInput, match="no session on 2026-11-21"):
        make_day(mistaken.with_values(seed=8), None, print)
    assert not market_file(mistaken).exists()


def test_sql_answers_over_views(day: Day, place: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TAYHO_LAKE_ROOT", str(place.lake_root))
    shown = CliRunner().invoke(app, ["sql", "select * from latest_bars limit 5"])
    assert shown.exit_code == 0
    assert {each.symbol for each in simulated_instruments()} & set(re.findall(r"[A-Z]{4}", shown.output))


def test_spark_submit_runs_one_job_file(day: Day, place: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TAYHO_LAKE_ROOT", str(place.lake_root))
    submit = Path(sys.executable).with_name("spark-submit")
    words = [str(submit), "spark_apps/jobs/bars_1d.py", "--start", "2026-11-20", "--end", "2026-11-20"]
    shown = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    assert re.search(r"gold.bars_1d 2026-11-20..2026-11-20:.* out, sum\(volume\) = [1-9]\d+,", shown)


def test_another_market_on_the_same_lake_is_refused(day: Day, place: Settings) -> None:
    with pytest.raises(BadSetting, match="holds the market of {'seed': 7, .* the settings name {'seed': 8, .*another"):
        make_day(place.with_values(seed=8), None, print)


@pytest.fixture(scope="module")
def next_day(day: Day, place: Settings) -> Day:
    """Make the next session on the same lake; the pages of its data quality are those of any day."""
    return make_day(without_docs(place).with_values(session_date=MONDAY), None, print)


def without_docs(settings: Settings) -> Settings:
    return settings.with_values(features=settings.features.model_copy(update={"data_docs": False}))


def test_a_newer_session_keeps_the_daily_rows_of_the_one_before_as_it_was_traded(
    next_day: Day, place: Settings, spark: SparkSession
) -> None:
    assert next_day.places["report"].name == "daily-2026-11-23.html"
    assert next_day.summary["session_date"] == str(MONDAY)
    refuse_offending_rows(next_day.checks)
    open_catalogue(spark, place)
    totals = "SELECT instrument_id, session_date, sum(volume) FROM {} GROUP BY ALL"
    daily, traded = ({tuple(found) for found in spark.sql(totals.format(table)).collect()} for table in DAILY_AND_LIVE)
    both = {found for found in daily if found[1] in (place.session_date, MONDAY)}
    assert len(both) == 2 * len(simulated_instruments())
    assert both <= traded


def test_live_indicators_equal_the_nightly_ones_but_where_a_trade_was_late(
    next_day: Day, place: Settings, spark: SparkSession
) -> None:
    open_catalogue(spark, place)
    where_late, differing = (
        {tuple(found) for found in spark.sql(query).collect()}
        for query in (LATE, "SELECT instrument_id, session_date FROM live_indicators_against_batch")
    )
    assert differing <= where_late
    assert any(day == place.session_date for _, day in where_late), "no late trade: nothing for a seed to mend"
    held = "SELECT count(*) AS rows, count(obv) AS warm FROM gold.indicators_1m_live WHERE session_date = '2026-11-23'"
    (row_of_monday,) = spark.sql(held).collect()
    assert row_of_monday.rows > 1_000 and row_of_monday.warm == row_of_monday.rows


def test_live_signals_equal_the_nightly_ones_but_where_a_trade_was_late(
    next_day: Day, place: Settings, spark: SparkSession
) -> None:
    open_catalogue(spark, place)
    where_late, differing = (
        {tuple(found) for found in spark.sql(query).collect()}
        for query in (
            LATE,
            "SELECT instrument_id, session_date FROM live_signals_against_batch WHERE NOT is_over_standings",
        )
    )
    assert differing <= where_late
    # A late trade moves the ranks of every instrument until its session ends.
    across = "SELECT DISTINCT session_date FROM live_signals_against_batch WHERE is_over_standings"
    assert {found.session_date for found in spark.sql(across).collect()} <= {day for _, day in where_late}
    held = """
        SELECT count(*) AS rows, count_if(result = 'decisive') AS decisive, count_if(is_over_standings) AS crossing
        FROM live_signals
    """
    (told,) = spark.sql(held).collect()
    assert told.rows > told.decisive > 0
    assert told.crossing > 0
    assert spark.sql("SELECT * FROM signal_paths WHERE state = 'emitted' AND session_date = '2026-11-20'").isEmpty()


def test_an_older_session_after_a_newer_one_shows_its_own_page_and_keeps_every_row(
    next_day: Day, place: Settings
) -> None:
    again = make_day(without_docs(place), None, print)
    assert again.places["report"].name == "daily-2026-11-20.html"
    assert [cells[:2] for cells in again.rows if cells[0] != "ops.runs"] == [
        cells[:2] for cells in next_day.rows if cells[0] != "ops.runs"
    ]
