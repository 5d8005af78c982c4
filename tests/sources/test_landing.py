"""Lines of planted files through Spark: each has one outcome, and a file that cannot be read is named in a sentence."""

import gzip
import os
from collections import Counter
from datetime import date

import pytest
from pyspark.sql import SparkSession

from spark_apps.errors import RowsDoNotAddUp, SchemaMismatch
from spark_apps.jobs.daily_price_lines import job as lines
from spark_apps.jobs.daily_prices import job as prices
from spark_apps.lake.job import batch
from spark_apps.lake.reading import latest, row_count
from spark_apps.lake.run import run
from spark_apps.lake.worker_errors import as_raised_in_workers
from spark_apps.rules.calendar import at
from spark_apps.settings import Settings
from spark_apps.sources.cafef.simulate import PRICE_HEADER
from spark_apps.tables import named
from spark_apps.tables.sources import ALL_DAYS, UNDATED

EVERY_DAY = batch(*ALL_DAYS)
RECEIVED = at(date(2026, 11, 20), "18:00")


def put(settings: Settings, symbol: str, *days: str, header: str = PRICE_HEADER) -> None:
    """Plant a price file that was received on the evening of 2026-11-20, a line a day."""
    folder = settings.landing_root / "cafef" / "prices"
    folder.mkdir(parents=True, exist_ok=True)
    text = "\n".join([header, *(f"{day},10,10,0,100,1000,0,0,10,10,10" for day in days), ""])
    (folder / f"{symbol}.csv.gz").write_bytes(gzip.compress(text.encode()))
    os.utime(folder / f"{symbol}.csv.gz", ns=(RECEIVED, RECEIVED))


def test_every_line_has_one_outcome(spark: SparkSession, settings: Settings) -> None:
    put(settings, "XANB", "20/11/2026", "21/11/2026", "20/11/2027", "31/12/1969", "no date")
    put(settings, "XQQQ", "20/11/2026")
    read = run(lines, EVERY_DAY, spark, settings)
    assert (read.rows_in, read.rows_out) == (6, 6)
    judged = run(prices, EVERY_DAY, spark, settings)
    assert (judged.rows_in, judged.rows_out, judged.quarantined) == (6, 1, 5)
    aside = latest(spark, named("quarantine.daily_prices"), settings).collect()
    assert Counter((str(row.slice_date), *row.broken_rules) for row in aside) == {
        ("2026-11-21", "session_has_happened"): 1,
        ("2027-11-20", "session_has_happened"): 1,
        (str(UNDATED), "market_had_opened"): 1,
        (str(UNDATED), "record_is_readable"): 1,
        ("2026-11-20", "instrument_is_known"): 1,
    }


def test_a_slice_takes_its_own_lines_and_counts_them(spark: SparkSession, settings: Settings) -> None:
    put(settings, "XANB", "20/11/2026", "19/11/2026", "20/11/2027")
    run(lines, EVERY_DAY, spark, settings)
    report = run(lines, batch(date(2026, 11, 20), date(2026, 11, 20)), spark, settings)
    assert (report.rows_in, report.rows_out, row_count(lines.writes, settings)) == (1, 1, 3)


def test_history_stays_where_the_files_are_gone(spark: SparkSession, settings: Settings) -> None:
    put(settings, "XANB", "20/11/2026", "19/11/2026")
    run(lines, EVERY_DAY, spark, settings)
    prices_folder = settings.landing_root / "cafef" / "prices"
    prices_folder.rename(settings.landing_root / "cafef" / "elsewhere")
    with pytest.raises(
        RowsDoNotAddUp, match=r"no line was read, but the table holds 2 rows, which stay; .*cafef_prices"
    ):
        run(lines, EVERY_DAY, spark, settings)
    assert row_count(lines.writes, settings) == 2


def test_a_missing_column_is_one_sentence_with_file_and_column(spark: SparkSession, settings: Settings) -> None:
    put(settings, "XANB", "20/11/2026", header=PRICE_HEADER.replace("GiaDongCua", "Close"))
    with (
        pytest.raises(SchemaMismatch, match=r"XANB\.csv\.gz: lacks column giadongcua; ") as raised,
        as_raised_in_workers(),
    ):
        run(lines, EVERY_DAY, spark, settings)
    assert "\n" not in str(raised.value)
    assert row_count(lines.writes, settings) == 0
