"""Write data docs and the page of a session: spark-submit spark_apps/jobs/report.py --start <day> --end <day>."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import structlog
import typer
from pyspark.sql import SparkSession

from spark_apps.errors import RuleViolated
from spark_apps.jobs.day_rows import read_day
from spark_apps.lake.catalogue import severity, texts
from spark_apps.lake.command import Day, errors_told
from spark_apps.lake.data_docs import build_data_docs
from spark_apps.lake.location import report_folder
from spark_apps.lake.logs import configure
from spark_apps.lake.provenance import code_hash, last_runs
from spark_apps.lake.reading import identity, row_count
from spark_apps.lake.session import session
from spark_apps.reports.html import DayRows, build_page
from spark_apps.settings import Settings, load
from spark_apps.tables import ALL_TABLES, set_aside_tables
from spark_apps.tables.market import BARS_1M
from spark_apps.tables.model import Table
from spark_apps.tables.sources import ALL_DAYS, comes_from_files

logger = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Page:
    """Point to the page of a session, with the session in a few figures and the rows that each check returned."""

    path: Path
    summary: Mapping[str, str]
    checks: Mapping[str, int]


def show_day(spark: SparkSession, settings: Settings, session_date: date) -> Page:
    """Run every check and write the page of a session.

    Both stay as they are where the lake holds the same versions, made by the same runs and read by the same code under
    the same settings: what they say is kept beside the page. How far a live application that runs meanwhile is behind
    waits for the next page.
    """
    path = report_folder(settings) / f"daily-{session_date}.html"
    kept = path.with_suffix(".json")
    tables = [table for table in ALL_TABLES if table.upkeep != "external" and table.layer != "ops"]
    made_of = _made_of(tables, settings, runs=last_runs(settings), settings_hash=settings.fingerprint)
    said = _kept(kept) if path.is_file() else {}
    if said.get("made_of") != made_of:
        kept.unlink(missing_ok=True)
        rows = read_day(spark, settings, session_date)
        write_page(rows, settings)
        summary = {name: str(value) for name, value in (rows.summary or {}).items() if value is not None}
        said = {"made_of": made_of, "summary": summary, "checks": dict(rows.checks)}
        kept.write_text(json.dumps(said, ensure_ascii=False, indent=1), encoding="utf-8")
    return Page(path, said["summary"], said["checks"])


def _made_of(tables: Iterable[Table], settings: Settings, **further: Any) -> dict[str, Any]:
    """Name what pages are made of: the code, and the version of each table that has been written to."""
    found = {each.full_name: identity(each, settings) for each in tables}
    # Version 0 is a table made empty: it says no more than one that is not there.
    versions = {name: made for name, made in found.items() if made and made[1] > 0}
    # As JSON gives it back: pairs are lists there.
    said: dict[str, Any] = json.loads(json.dumps({"code": code_hash(), "versions": versions, **further}, default=str))
    return said


def _kept(path: Path) -> dict[str, Any]:
    """Read what was said when the pages beside it were made; nothing where the writer died before its end."""
    try:
        said: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    return said


def write_page(rows: DayRows, settings: Settings) -> Path:
    """Write the page of a session, one self-contained HTML file, under the report folder; give its path."""
    path = report_folder(settings) / f"daily-{rows.session_date}.html"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(build_page(rows), encoding="utf-8")
    logger.info("report written", path=str(path), session_date=str(rows.session_date))
    return path


def write_data_docs(spark: SparkSession, settings: Settings, start: date, end: date) -> None:
    """Validate every silver table and the minute bars, where they hold rows, and write pages; see lake/data_docs.py.

    Each over the days that a night makes: those from start to end, and all days of what comes from daily files. Pages
    that were made of the same versions by the same code stay as they are.
    """
    judged = [table for table in ALL_TABLES if table.rules and (table.layer == "silver" or table == BARS_1M)]
    slices = {
        table: ALL_DAYS if comes_from_files(table) else (start, end) for table in judged if row_count(table, settings)
    }
    read = [each for table in slices for each in (table, *set_aside_tables(table))]
    days = {table.full_name: slice_ for table, slice_ in slices.items()}
    made_of = _made_of(read, settings, days=days)
    kept = report_folder(settings) / "data_docs" / "made_of.json"
    if _kept(kept) == made_of:
        return
    kept.unlink(missing_ok=True)
    build_data_docs(spark, settings, slices)
    kept.write_text(json.dumps(made_of, indent=1), encoding="utf-8")


def make(start: Day, end: Day, profile: str | None = None) -> None:
    """Write data docs of the days and the page of the last; end in an error when a check that must hold does not."""
    with errors_told():
        settings = load(profile)
        configure(settings)
        spark = session(settings, "report")
        if settings.features.data_docs:
            write_data_docs(spark, settings, start.date(), end.date())
        shown = show_day(spark, settings, end.date())
        typer.echo(str(shown.path))
        refuse_offending_rows(shown.checks)


def refuse_offending_rows(checks: Mapping[str, int]) -> None:
    """Raise RuleViolated naming each check of severity error that returned rows."""
    broken = {name: found for name, found in checks.items() if found and severity(texts("checks")[name]) == "error"}
    if broken:
        names = ", ".join(f"sql/checks/{name}.sql ({found} rows)" for name, found in broken.items())
        raise RuleViolated(f"{names}: no row may come back. The first lines of each file say how to mend it")


if __name__ == "__main__":
    typer.run(make)
