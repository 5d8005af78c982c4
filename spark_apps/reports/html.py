"""The day on one page: a single HTML file that needs nothing else, made from plain rows."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import pandas as pd
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from spark_apps.reports.charts import bar_chart, line_chart, minute_chart, risk_chart


@dataclass(frozen=True)
class Traded:
    """Hold one instrument's minutes: columns bar_time (exchange time), open, high, low, close, volume."""

    symbol: str
    name: str
    bars: pd.DataFrame


@dataclass(frozen=True)
class Risk:
    """Hold one portfolio's figures: its newest row, and per session its return and the limit set the session before."""

    portfolio: str
    figures: Mapping[str, Any]
    backtest: pd.DataFrame = field(default_factory=pd.DataFrame)


@dataclass(frozen=True)
class DayRows:
    """Hold what the page shows. What is empty or None is said to be missing, not left out in silence.

    `index`: closes by session, one column per index. `momentum`: momentum_rank, symbol, name, exchange, momentum_pct.
    `latency`: stages of the live path in order, columns table_name, stage, p50_ms, p95_ms, p99_ms, outputs. `behind`:
    records that each live query was behind while it carried the session, one column per query, by exchange time.
    `runs`: the newest run of each job. `checks`: rows that each check returned. `differences`: bars on which live
    and batch disagree, None where no live session is held.
    """

    session_date: date
    summary: Mapping[str, Any] | None
    index: pd.DataFrame
    traded: tuple[Traded, ...]
    momentum: pd.DataFrame
    risks: tuple[Risk, ...]
    latency: pd.DataFrame
    behind: pd.DataFrame
    runs: pd.DataFrame
    checks: Mapping[str, int]
    differences: int | None
    code_commit: str


def build_page(rows: DayRows) -> str:
    """Write the page as HTML text; the same rows give the same bytes."""
    pages = Environment(
        loader=PackageLoader("spark_apps.reports", "."),
        autoescape=select_autoescape(["html", "j2"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    pages.filters |= {"thousands": thousands, "billions": billions, "per_cent": per_cent}
    return pages.get_template("daily.html.j2").render(
        rows=rows,
        momentum=rows.momentum.to_dict("records"),
        latency=rows.latency.to_dict("records"),
        runs=rows.runs.to_dict("records"),
        charts={name: Markup(chart) for name, chart in charts_of(rows).items()},  # nosec B704  # SVG of our own charts
    )


def charts_of(rows: DayRows) -> dict[str, str]:
    """Draw what there is rows for."""
    drawn: dict[str, str] = {}
    if not rows.index.empty:
        lines = {str(name): rows.index[name].dropna() for name in rows.index.columns}
        drawn["index"] = line_chart(lines, f"{', '.join(lines)} by session")
    for traded in rows.traded:
        drawn[f"minutes {traded.symbol}"] = minute_chart(traded.bars, f"{traded.symbol} by minute")
    if not rows.momentum.empty:
        top = rows.momentum.head(10)
        drawn["momentum"] = bar_chart(top["symbol"], top["momentum_pct"], "Momentum of the ten strongest, per cent")
    for risk in rows.risks:
        if not risk.backtest.empty:
            returns, limit = risk.backtest["return_pct"].dropna(), risk.backtest["limit_pct"].dropna()
            drawn[f"risk {risk.portfolio}"] = risk_chart(
                returns, limit, f"Returns of {risk.portfolio} against its limit"
            )
    if not rows.behind.empty:
        lines = {str(name): rows.behind[name].dropna() for name in rows.behind.columns}
        drawn["behind"] = line_chart(lines, f"Records behind by query: {', '.join(lines)}")
    return drawn


def thousands(value: Any) -> str:
    """Write a whole number in groups of three, a missing one as a dash."""
    return "-" if value is None or pd.isna(value) else f"{int(value):,}"


def billions(value: Any) -> str:
    """Write an amount of money in billions, a missing one as a dash."""
    return "-" if value is None or pd.isna(value) else f"{float(value) / 1e9:,.1f}"


def per_cent(share: Any) -> str:
    """Write a share as per cent, a missing one as a dash."""
    return "-" if share is None or pd.isna(share) else f"{100 * float(share):.2f} %"
