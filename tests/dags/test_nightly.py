"""Night after night gives what one night gives: the vendor halves XMAY's history on the day of its split."""

from datetime import date, datetime

import pytest
from pyspark.sql import SparkSession

from spark_apps.exchange.walk import SPLITS
from spark_apps.jobs.stage import make
from spark_apps.lake.reading import latest
from spark_apps.rules.calendar import next_session, previous_session
from spark_apps.scheduling import arguments
from spark_apps.settings import Settings, load
from spark_apps.sources.cafef.simulate import write_daily_files
from spark_apps.tables.daily import DAILY_PRICES, RETURNS_1D
from spark_apps.tables.model import Table
from spark_apps.tables.sources import DAILY_PRICE_LINES
from tests.lakes import content_hash

TABLES = (DAILY_PRICE_LINES, DAILY_PRICES, RETURNS_1D)
((SPLIT, EX_DATE),) = SPLITS.items()
DAYS = (previous_session(EX_DATE), EX_DATE, next_session(EX_DATE))


def nights(settings: Settings, monkeypatch: pytest.MonkeyPatch, *days: date) -> Settings:
    """Make the stages of daily files as the DAG does, on the evening of each day."""
    monkeypatch.setenv("TAYHO_LAKE_ROOT", str(settings.lake_root))
    monkeypatch.setenv("TAYHO_LANDING_ROOT", str(settings.landing_root))
    _, start, _, end, *names = arguments(TABLES, 3)
    for day in days:
        write_daily_files(settings.landing_root, 7, [day], 20, 600)
        make(names, datetime.fromisoformat(start), datetime.fromisoformat(end))
    return load()


def contents(settings: Settings) -> dict[str, str]:
    def of(table: Table) -> str:
        return content_hash(table, settings)

    return {table.full_name: of(table) for table in (DAILY_PRICES, RETURNS_1D)}


def test_the_nights_around_a_split_give_what_one_night_gives(
    spark: SparkSession, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    one_by_one = contents(nights(settings, monkeypatch, *DAYS))
    found = latest(spark, RETURNS_1D, settings).where(f"instrument_id = {SPLIT} AND session_date = DATE'{EX_DATE}'")
    (row,) = found.collect()
    assert abs(row.daily_return) < 0.2
    at_once = settings.with_values(lake_root=settings.lake_root / "at_once")
    assert contents(nights(at_once, monkeypatch, DAYS[-1])) == one_by_one
