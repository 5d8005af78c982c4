"""Write data docs and the page of a session: spark-submit spark_apps/jobs/report.py --start <day> --end <day>."""

import json
from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path

import pandas as pd
import structlog
import typer
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from spark_apps.errors import RuleViolated
from spark_apps.lake.catalogue import offending_rows, open_catalogue, severity, texts
from spark_apps.lake.command import Day
from spark_apps.lake.data_docs import build_data_docs
from spark_apps.lake.location import report_folder
from spark_apps.lake.logs import configure
from spark_apps.lake.provenance import code_commit, code_hash
from spark_apps.lake.reading import row_count
from spark_apps.lake.session import session
from spark_apps.lake.tables import ensure
from spark_apps.reports.html import DayRows, Risk, Traded, build_page
from spark_apps.risk.value_at_risk import portfolio_returns
from spark_apps.settings import Settings, load
from spark_apps.tables import ALL_TABLES, set_aside_tables
from spark_apps.tables.market import BARS_1M
from spark_apps.tables.sources import ALL_DAYS, comes_from_files

logger = structlog.get_logger(__name__)

INDEX = "VNINDEX"
MOST_TRADED = 6
SHOWN_SESSIONS = timedelta(days=365)
SHOWN_MOMENTS = 200


def read_day(spark: SparkSession, settings: Settings, session_date: date) -> DayRows:
    """Read what the page of a session shows, and run every check."""
    open_catalogue(spark, settings)
    summary = spark.table("session_summary").where(F.col("session_date") == F.lit(session_date)).collect()
    return DayRows(
        session_date=session_date,
        summary=summary[0].asDict() if summary else None,
        index=_index(spark, session_date),
        traded=_traded(spark, session_date),
        momentum=_momentum(spark, session_date),
        risks=_risks(spark, settings, session_date),
        latency=_latency(spark, session_date),
        behind=_behind(spark, session_date),
        runs=_runs(spark),
        checks=offending_rows(spark),
        differences=_differences(spark, session_date),
        code_commit=code_commit(),
    )


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
    held = {each.full_name: ensure(each, settings) for each in read}
    versions = {name: (opened.metadata().id, opened.version()) for name, opened in held.items()}
    days = {table.full_name: slice_ for table, slice_ in slices.items()}
    made_of = json.dumps({"code": code_hash(), "days": days, "versions": versions}, default=str, indent=1)
    kept = report_folder(settings) / "data_docs" / "made_of.json"
    if kept.is_file() and kept.read_text(encoding="utf-8") == made_of:
        return
    build_data_docs(spark, settings, slices)
    kept.write_text(made_of, encoding="utf-8")


def _until(frame: DataFrame, session_date: date) -> DataFrame:
    """Keep the year that ends with a session."""
    first = session_date - SHOWN_SESSIONS
    return frame.where(F.col("session_date").between(F.lit(first), F.lit(session_date)))


def _by_session(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.assign(session_date=pd.to_datetime(rows["session_date"])).set_index("session_date").sort_index()


def _index(spark: SparkSession, session_date: date) -> pd.DataFrame:
    """Take VNINDEX, else the first index by code, else what 100 in equal parts of all instruments became."""
    levels = _until(spark.table("silver.index_prices"), session_date)
    codes = [row.index_code for row in levels.select("index_code").distinct().collect()]
    if codes:
        code = min(codes, key=lambda name: (name != INDEX, name))
        closes = levels.where(F.col("index_code") == code).select(
            "session_date", F.col("close").cast("DOUBLE").alias(code)
        )
        return _by_session(closes.toPandas())
    returns = _until(spark.table("gold.returns_1d"), session_date).where(F.col("daily_return").isNotNull())
    means = _by_session(returns.groupBy("session_date").agg(F.avg("daily_return").alias("mean")).toPandas())
    return pd.DataFrame() if means.empty else pd.DataFrame({"equal weights": 100 * (1 + means["mean"]).cumprod()})


def _traded(spark: SparkSession, session_date: date) -> tuple[Traded, ...]:
    day = F.col("session_date") == F.lit(session_date)
    names = spark.table("instruments").select("instrument_id", "symbol", "name")
    top = (
        spark.table("gold.bars_1d")
        .where(day)
        .join(names, on="instrument_id", how="left")
        .orderBy(F.desc("value"), "symbol")
        .limit(MOST_TRADED)
        .collect()
    )
    bars: pd.DataFrame = (
        spark.table("gold.bars_1m")
        .where(day & F.col("instrument_id").isin([row.instrument_id for row in top]))
        .select(
            "instrument_id",
            F.expr("exchange_time(bar_start)").alias("bar_time"),
            "open",
            "high",
            "low",
            "close",
            "volume",
        )
        .orderBy("bar_time")
        .toPandas()
    )
    return tuple(
        Traded(row.symbol, row["name"] or "", bars[bars["instrument_id"] == row.instrument_id].reset_index(drop=True))
        for row in top
    )


def _momentum(spark: SparkSession, session_date: date) -> pd.DataFrame:
    """Take the ranking of the session, or of the newest one before it."""
    ranked = spark.table("gold.momentum_1d").where(F.col("session_date") <= F.lit(session_date))
    newest = ranked.agg(F.max("session_date").alias("session_date"))
    return (
        ranked.where(F.col("momentum_rank") <= 20)
        .join(newest, on="session_date", how="left_semi")
        .join(spark.table("instruments"), on="instrument_id", how="left")
        .select(
            "momentum_rank",
            "symbol",
            F.coalesce("name", F.lit("")).alias("name"),
            F.coalesce("exchange", F.lit("")).alias("exchange"),
            (100 * F.col("momentum")).alias("momentum_pct"),
        )
        .orderBy("momentum_rank")
        .toPandas()
    )


def _risks(spark: SparkSession, settings: Settings, session_date: date) -> tuple[Risk, ...]:
    """Put each session's return beside the limit of the session before: what was known when it began."""
    limits: pd.DataFrame = _until(spark.table("gold.value_at_risk"), session_date).toPandas()
    if limits.empty:
        return ()
    returns = _until(spark.table("gold.returns_1d"), session_date)
    made: pd.DataFrame = portfolio_returns(returns, settings.portfolios).toPandas()
    risks = []
    for portfolio, figures in sorted(limits.groupby("portfolio")):
        limit = _by_session(figures)["value_at_risk_99"].shift(1)
        mine = _by_session(made[made["portfolio"] == portfolio])["portfolio_return"]
        backtest = pd.DataFrame({"return_pct": 100 * mine, "limit_pct": 100 * limit}).dropna()
        newest = figures.loc[figures["session_date"].idxmax()].to_dict()
        risks.append(Risk(str(portfolio), newest, backtest))
    return tuple(risks)


def _latency(spark: SparkSession, session_date: date) -> pd.DataFrame:
    stages = spark.table("latency_by_stage").where(F.col("session_date") == F.lit(session_date))
    return stages.orderBy("table_name", "place").toPandas()


def _behind(spark: SparkSession, session_date: date) -> pd.DataFrame:
    """Take how far each live query was behind, at most, in each part of the time in which the session came through."""
    live = spark.table("gold.bars_1m_live").where(F.col("session_date") == F.lit(session_date))
    carried = live.agg(F.min("caused_at").alias("first_at"), F.max("written_at").alias("last_at"))
    rows: pd.DataFrame = (
        spark.table("ops.stream_progress")
        .join(carried, on=F.expr("started_at BETWEEN first_at AND last_at"), how="inner")
        .select("query", F.expr("exchange_time(started_at)").alias("batch_time"), "records_behind")
        .toPandas()
    )
    if rows.empty:
        return pd.DataFrame()
    span = rows["batch_time"].max() - rows["batch_time"].min()
    parts = rows["batch_time"].dt.floor(max(span / SHOWN_MOMENTS, pd.Timedelta(seconds=1)))
    return rows.pivot_table(index=parts, columns="query", values="records_behind", aggfunc="max")


def _runs(spark: SparkSession) -> pd.DataFrame:
    """Take the newest run of each job that made what its table holds."""
    done = spark.table("ops.runs").where(F.col("status") == "done")
    newest = done.groupBy("job").agg(F.max_by("run_id", F.struct("started_at", "run_id")).alias("run_id"))
    return done.join(newest, on=["job", "run_id"], how="left_semi").orderBy("started_at").toPandas()


def _differences(spark: SparkSession, session_date: date) -> int | None:
    day = F.col("session_date") == F.lit(session_date)
    held = [not spark.table(name).where(day).isEmpty() for name in ("gold.bars_1m_live", "gold.bars_1m")]
    return spark.table("live_against_batch").where(day).count() if all(held) else None


def make(start: Day, end: Day, profile: str | None = None) -> None:
    """Write data docs of the days and the page of the last; end in an error when a check that must hold does not."""
    settings = load(profile)
    configure(settings)
    spark = session(settings, "report")
    if settings.features.data_docs:
        write_data_docs(spark, settings, start.date(), end.date())
    rows = read_day(spark, settings, end.date())
    typer.echo(str(write_page(rows, settings)))
    refuse_offending_rows(rows.checks)


def refuse_offending_rows(checks: Mapping[str, int]) -> None:
    """Raise RuleViolated naming each check of severity error that returned rows."""
    broken = {name: found for name, found in checks.items() if found and severity(texts("checks")[name]) == "error"}
    if broken:
        names = ", ".join(f"sql/checks/{name}.sql ({found} rows)" for name, found in broken.items())
        raise RuleViolated(f"{names}: no row may come back. The first lines of each file say how to mend it")


if __name__ == "__main__":
    typer.run(make)
