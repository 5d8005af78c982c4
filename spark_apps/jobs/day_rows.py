"""Read what the page of a session shows, from an opened catalogue."""

from datetime import date, timedelta

import pandas as pd
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from spark_apps.lake.catalogue import offending_rows, open_catalogue
from spark_apps.lake.provenance import code_commit
from spark_apps.reports.html import DayRows, Risk, Traded
from spark_apps.risk.value_at_risk import portfolio_returns
from spark_apps.settings import Settings

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
