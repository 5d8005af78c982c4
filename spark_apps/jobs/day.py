"""A whole day, as `tayho run` does it: broker, feed, live application, nightly batch, report."""

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import SparkSession

from spark_apps.errors import BadSetting, EmptyInput
from spark_apps.jobs import all_jobs
from spark_apps.jobs.feed_sim import publish as publish_simulated
from spark_apps.jobs.feed_vn30f import publish as publish_vn30f
from spark_apps.jobs.report import show_day, write_data_docs
from spark_apps.lake.catalogue import write_tables_sql
from spark_apps.lake.files import session_files
from spark_apps.lake.job import batch
from spark_apps.lake.live import run_live
from spark_apps.lake.location import lake_folder, log_folder, market_file, report_folder
from spark_apps.lake.provenance import RunReport
from spark_apps.lake.reading import row_count
from spark_apps.lake.run import run
from spark_apps.lake.services import broker
from spark_apps.lake.session import session
from spark_apps.lake.tables import ensure
from spark_apps.settings import Settings
from spark_apps.sources.cafef.simulate import write_daily_files
from spark_apps.sources.sim.wire import MARKET_VERSION
from spark_apps.sources.vn30f import feed as vn30f
from spark_apps.tables import ALL_TABLES
from spark_apps.tables.daily import DAILY_PRICES, INDEX_PRICES
from spark_apps.tables.market import TICKS
from spark_apps.tables.model import Table
from spark_apps.tables.sources import ALL_DAYS, FOLDERS, MESSAGES, comes_from_files

OF_DAILY_FILES = (DAILY_PRICES, INDEX_PRICES)
Say = Callable[[str], None]


@dataclass(frozen=True)
class Day:
    """Hold what a person wants to know afterwards.

    Rows per table, what each table that this run made conserves of its input, the session in a few figures, the rows
    that each check of sql/checks returned, where to look.
    """

    rows: list[tuple[str | int, ...]]
    sums: Mapping[str, Mapping[str, int]]
    summary: Mapping[str, str]
    checks: Mapping[str, int]
    places: dict[str, Path]


def settings_for(settings: Settings, data: Path | None) -> Settings:
    """Give real files a lake of their own beside the simulated one, and on a named broker topics of their own."""
    if data is None:
        return settings
    beside = settings.lake_root.parent / "real"
    kafka = settings.kafka.model_copy(update={"prefix": f"{settings.kafka.prefix}_real"})
    return settings.with_values(
        lake_root=beside / "lake", landing_root=data.absolute(), report_root=beside / "reports", kafka=kafka
    )


def make_day(settings: Settings, data: Path | None, say: Say) -> Day:
    """Carry one simulated session, or every session of a folder of real files, from the exchange to the report.

    What is done already is not done again. `settings_for` says where real files go.
    """
    if data is None:
        _refuse_another_market(settings)
        with step(say, f"daily files of the simulated market, seed {settings.seed}"):
            write_daily_files(
                settings.landing_root,
                settings.seed,
                {*_days_of(MESSAGES, settings), settings.session_date},
                settings.history_sessions,
                settings.trades_per_session,
            )
        _name_market(settings)
    else:
        _refuse_empty(data)
    with step(say, "Spark session"):
        spark = session(settings, "day")
    _stream(spark, settings, data, say)
    reports = _batch(spark, settings, say)
    days = _days_of(MESSAGES, settings)
    shown_day = _newest(days, settings) if data else settings.session_date
    if settings.features.data_docs:
        with step(say, "Great Expectations data docs"):
            write_data_docs(spark, settings, *(days[0], days[-1]) if days else (shown_day, shown_day))
    with step(say, "checks, report and tables.sql"):
        page = show_day(spark, settings, shown_day)
        names = write_tables_sql(settings, settings.lake_root.absolute().parent / "tables.sql")
    places = {
        "report": page.path,
        "data docs": report_folder(settings) / "data_docs" / "index.html",
        "tables": lake_folder(settings),
        "names": names,
        "logs": log_folder(settings),
    }
    shown = {name: path for name, path in places.items() if path.exists()}
    sums = {name: report.sums for name, report in reports.items() if report.sums}
    return Day(_rows(reports, settings), sums, page.summary, page.checks, shown)


def _refuse_another_market(settings: Settings) -> None:
    """Refuse a lake that holds another simulated market: its ticks would be of one, its daily files of the other."""
    kept, here = market_file(settings), _market(settings)
    there = json.loads(kept.read_text(encoding="utf-8")) if kept.exists() else here
    if there != here:
        raise BadSetting(
            f"{settings.lake_root}: holds the market of {there}, the settings name {here}. Name the same, or choose "
            "another TAYHO_LAKE_ROOT and TAYHO_LANDING_ROOT"
        )


def _name_market(settings: Settings) -> None:
    """Keep the name of the simulated market, once a session of it could be drawn."""
    kept = market_file(settings)
    kept.parent.mkdir(parents=True, exist_ok=True)
    kept.write_text(json.dumps(_market(settings)), encoding="utf-8")


def _market(settings: Settings) -> dict[str, int]:
    size = settings.trades_per_session
    return {"seed": settings.seed, "trades_per_session": size, "version": MARKET_VERSION}


def _refuse_empty(data: Path) -> None:
    """Refuse a folder that holds nothing to carry: most often it is the wrong one."""
    folders = [*FOLDERS.values(), vn30f.FOLDER]
    if not any(file for folder in folders for file in (data / folder).glob("*.csv*")):
        raise EmptyInput(
            f"{data}: no .csv or .csv.gz file in {', '.join(folders)} below it; name the folder above them"
        )


@contextmanager
def step(say: Say, name: str) -> Iterator[None]:
    """Say a step when it begins, and how long it took when it has ended."""
    began = time.monotonic()
    say(f"... {name}")
    yield
    say(f"    {time.monotonic() - began:.0f} s")


def _stream(spark: SparkSession, settings: Settings, data: Path | None, say: Say) -> None:
    """Publish the sessions and let the live application take in all of them."""
    named = settings.kafka.bootstrap_servers
    folder = settings.lake_root.absolute().parent / "broker"
    with step(say, "broker"):
        beside = nullcontext(named) if named else broker(folder)
    with beside as address:
        kafka = settings.kafka.model_copy(update={"bootstrap_servers": address})
        here = settings.with_values(kafka=kafka)
        for name, publish in _sessions(here, data):
            with step(say, f"feed: {name}"):
                publish()
        with step(say, "live application: broker to bronze, both folds and gold"):
            run_live(spark, here, threading.Event(), until_idle=True)


def _sessions(settings: Settings, data: Path | None) -> list[tuple[str, Callable[[], object]]]:
    if data is None:
        day = settings.session_date
        return [(f"simulated session {day}", partial(publish_simulated, settings, day))]
    return [(f"VN30 futures {day}", partial(publish_vn30f, settings, data, day)) for day in vn30f.session_dates(data)]


def _days_of(table: Table, settings: Settings) -> list[date]:
    """List the days that a table holds, from its partitions."""
    return list(session_files(table, date.min, date.max, ensure(table, settings).version(), settings))


def _newest(arrived: list[date], settings: Settings) -> date:
    """Give the newest session of real files: of those whose messages arrived, else of daily prices and indices."""
    if arrived:
        return arrived[-1]
    made = [pa.table(ensure(table, settings).to_pyarrow_table(columns=["session_date"])) for table in OF_DAILY_FILES]
    newest: date | None = pc.max(pa.concat_tables(made)["session_date"]).as_py()
    return newest or settings.session_date


def _batch(spark: SparkSession, settings: Settings, say: Say) -> dict[str, RunReport]:
    """Run every batch job in the order of the tables: those of files over all days, others over those that arrived.

    A message may be of a session some days before the one on which it arrived: those are made again, too.
    """
    arrived = _days_of(MESSAGES, settings)
    reports: dict[str, RunReport] = {}
    for job in all_jobs():
        name = job.writes.full_name
        is_of_files = comes_from_files(job.writes)
        if not (is_of_files or arrived):
            continue
        days = batch(*ALL_DAYS) if is_of_files else batch(arrived[0] - timedelta(days=TICKS.lookahead), arrived[-1])
        with step(say, name):
            try:
                reports[name] = run(job, days, spark, settings)
            except EmptyInput:
                continue
    return reports


def _rows(reports: dict[str, RunReport], settings: Settings) -> list[tuple[str | int, ...]]:
    """Put each table's rows beside what this run counted."""
    rows: list[tuple[str | int, ...]] = []
    for table in ALL_TABLES:
        if table.upkeep == "external":
            continue
        held = row_count(table, settings)
        report = reports.get(table.full_name)
        if report is None or report.status == "unchanged":
            counts: tuple[str | int, ...] = ("", "", "", "", "", report.status if report else "")
        else:
            counts = (report.rows_in, report.rows_out, report.quarantined, report.late, report.duplicate, report.status)
        if held or report:
            rows.append((table.full_name, held, *counts))
    return rows
