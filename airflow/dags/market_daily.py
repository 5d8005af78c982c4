"""The nightly batch: every batch table of the session that ended, then data docs and the report.

**Makes:** bars of every width and by activity, quotes, indicators, standings and signals from the messages of the
feeds; daily prices, flows and indices from the landing folder; returns, indicators, momentum, value at risk and the
daily report from those. Days to which messages may have come since the run before are made again; what comes from
daily files is made over all days, as vendors rewrite history.

**Read by:** `tayho sql`, the notebooks, whoever opens the report in the morning.

**If it fails:** views show the sessions before; nothing half-made is visible, as each table changes in one commit.
The live path does not wait for this DAG. A line in `alerts.jsonl` names the task.

**To rerun:** clear the failed task; tables that were made already answer `unchanged`. Other days:
`airflow dags trigger market_daily --conf '{"start": "2026-11-16", "end": "2026-11-20"}'`.

**Runbook:** `docs/runbooks/market_daily.md`
"""

import pendulum
from airflow.sdk import DAG, Param

from spark_apps.scheduling import TIMEZONE, Tag, defaults, lake_tasks
from spark_apps.tables.activity import BARS_BY_ACTIVITY
from spark_apps.tables.daily import DAILY_PRICES, FOREIGN_FLOWS, INDEX_PRICES, PROPRIETARY_FLOWS, RETURNS_1D
from spark_apps.tables.decisions import DAILY_REPORT, MOMENTUM_1D, VALUE_AT_RISK
from spark_apps.tables.features import CROSS_SECTION_1M
from spark_apps.tables.indicators import INDICATORS_1D, INDICATORS_1M
from spark_apps.tables.market import BARS_1D, BARS_1H, BARS_1M, BARS_1S, BARS_5M, TICKS, TRADES
from spark_apps.tables.quotes import QUOTES, QUOTES_1M
from spark_apps.tables.signals import CROSS_SIGNALS_1M, SIGNALS_1M
from spark_apps.tables.sources import (
    DAILY_PRICE_LINES,
    FOREIGN_FLOW_LINES,
    INDEX_PRICE_LINES,
    PROPRIETARY_FLOW_LINES,
)

OPTIONAL_DAY = {"type": ["null", "string"], "format": "date"}

with DAG(
    dag_id="market_daily",
    doc_md=__doc__,
    schedule="0 19 * * 1-5",
    start_date=pendulum.datetime(2026, 11, 20, tz=TIMEZONE),
    catchup=False,
    max_active_runs=1,
    max_active_tasks=1,  # each is a Spark application of some gigabytes, in the scheduler's own container
    tags=[Tag.MARKET, Tag.NIGHTLY],
    default_args=defaults("market-data"),
    params={"start": Param(None, **OPTIONAL_DAY), "end": Param(None, **OPTIONAL_DAY)},
):
    lake_tasks(
        {
            "minutes": (
                TICKS, TRADES, QUOTES,
                BARS_1S, BARS_1M, BARS_5M, BARS_1H, BARS_1D, BARS_BY_ACTIVITY,
                INDICATORS_1M, SIGNALS_1M, CROSS_SECTION_1M, CROSS_SIGNALS_1M, QUOTES_1M,
            ),
            "files": (
                DAILY_PRICE_LINES, DAILY_PRICES,
                FOREIGN_FLOW_LINES, FOREIGN_FLOWS,
                PROPRIETARY_FLOW_LINES, PROPRIETARY_FLOWS,
                INDEX_PRICE_LINES, INDEX_PRICES,
            ),
            "decisions": (RETURNS_1D, INDICATORS_1D, MOMENTUM_1D, VALUE_AT_RISK, DAILY_REPORT),
        },
        finally_run=("report",),
    )  # fmt: skip
