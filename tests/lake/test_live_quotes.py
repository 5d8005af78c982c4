"""Quotes through the live application: each has one outcome, live and at night, and both say the same of bars."""

import shutil
from pathlib import Path

from pyspark.sql import SparkSession

from spark_apps.jobs.quotes import job as quotes
from spark_apps.jobs.quotes_1m import job as quotes_1m
from spark_apps.jobs.ticks import job as ticks
from spark_apps.jobs.trades import job as trades
from spark_apps.kernels.layouts import FIGURES
from spark_apps.kernels.outputs import LIVE_TABLES
from spark_apps.lake.catalogue import run_sql
from spark_apps.lake.job import batch
from spark_apps.lake.run import run
from spark_apps.tables.live import QUOTES_1M_LIVE
from spark_apps.tables.sources import MESSAGES
from tests.drills.application import Application
from tests.drills.fold_tally import QUOTES_ASIDE
from tests.drills.stream_parity import accepted_books
from tests.lake.conftest import MARKET

SENT = sum(one.channel == "quote" for one in MARKET.envelopes())

BARS = "SELECT instrument_id, bar_start FROM gold.quotes_1m"
DIFFERING = """
    SELECT instrument_id, bar_start FROM live_quotes_against_batch JOIN gold.quotes_1m USING (instrument_id)
    WHERE bar_time = exchange_time(bar_start)
"""
# Bars of what the fold called late; a late quote is in force, and before the next one, until that one comes.
TOUCHED = """
    WITH quoted AS (
        SELECT *, lead(event_time, 1, event_time) OVER (PARTITION BY instrument_id ORDER BY event_time) AS until
        FROM silver.quotes
    ), late AS (
        SELECT instrument_id, event_time, event_time AS until FROM late.ticks_live
        UNION ALL
        SELECT instrument_id, quoted.event_time, quoted.until
        FROM quoted JOIN late.quotes_live USING (instrument_id, source_seq)
    )
    SELECT DISTINCT instrument_id, bar_start
    FROM gold.quotes_1m JOIN late USING (instrument_id)
    WHERE bar_start + 60000000000 > late.event_time AND bar_start <= until
"""


def test_every_quote_is_accepted_or_refused_or_late_or_repeated(unbroken: Application) -> None:
    aside = [unbroken.read(LIVE_TABLES[kind]).num_rows for kind in QUOTES_ASIDE]
    assert unbroken.read(MESSAGES)["channel"].to_pylist().count("quote") == SENT
    assert len(accepted_books(unbroken)) + sum(aside) == SENT
    assert all(aside)


def test_the_night_says_the_same_of_bars_but_where_something_came_late(
    unbroken: Application, spark: SparkSession, tmp_path: Path
) -> None:
    settings = unbroken.settings.with_values(lake_root=tmp_path / "lake")
    shutil.copytree(unbroken.settings.lake_root, settings.lake_root)
    day = batch(MARKET.hours.session_date, MARKET.hours.session_date)
    *_, of_quotes, of_bars = [run(job, day, spark, settings) for job in (ticks, trades, quotes, quotes_1m)]
    assert of_quotes.rows_in == SENT == of_quotes.rows_out + of_quotes.quarantined + of_quotes.duplicate
    bars, differing, touched = (
        {tuple(row) for row in run_sql(spark, settings, asked).collect()} for asked in (BARS, DIFFERING, TOUCHED)
    )
    assert len(bars) == of_bars.rows_out
    assert differing
    assert differing <= touched
    assert bars - touched


def test_figures_are_told_anew_only_where_they_are_others(unbroken: Application) -> None:
    told: dict[tuple[int, int], tuple[object, ...]] = {}
    for row in unbroken.read(QUOTES_1M_LIVE).sort_by("revision").to_pylist():
        key, figures = (row["instrument_id"], row["bar_start"]), tuple(row[name] for name in FIGURES.names or ())
        assert told.get(key) != figures
        assert (row["revision"] == 0) == (key not in told)
        told[key] = figures
    assert told
