"""Which task of Airflow runs which tables, drawn from the declarations. Needs neither Spark nor the lake environment.

A task is a stage: several tables in one spark-submit. On one machine a JVM and its warm-up cost more than the
work of most tables; a retried stage is cheap, as tables that are made already answer `unchanged`.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

import structlog

from spark_apps.tables.model import Table
from spark_apps.tables.sources import ALL_DAYS, comes_from_files

logger = structlog.get_logger(__name__)

JOBS = Path(__file__).parent / "jobs"
CONNECTION = "spark_lake"
# From Friday evening's run to Monday evening's: what came in between is for the night that follows it.
LONGEST_PAUSE_DAYS = 3
TIMEZONE = "Asia/Ho_Chi_Minh"

# Airflow fills these in. A run by hand has no `ds`, and a scheduled one no parameters: the day is always written out.
_DAY = "(dag_run.logical_date or dag_run.run_after).astimezone(dag.timezone).strftime('%Y-%m-%d')"
FIRST_DAY = "{{ params.get('start') or macros.ds_add(" + _DAY + ", -{days}) }}"
LAST_DAY = "{{ params.get('end') or " + _DAY + " }}"


class Tag(StrEnum):
    """Name what a DAG may be tagged with."""

    MARKET = "market"
    NIGHTLY = "nightly"


@dataclass(frozen=True)
class Stage:
    """Hold tables that one spark-submit makes, and the stages that must have ended before."""

    name: str
    tables: tuple[Table, ...]
    after: tuple[str, ...]


def stages(named: Mapping[str, tuple[Table, ...]]) -> tuple[Stage, ...]:
    """Order stages by what their tables are made from; refuse a table named twice, and stages that need each other."""
    home: dict[str, str] = {}
    for name, tables in named.items():
        for table in tables:
            if table.full_name in home:
                raise ValueError(
                    f"{table.full_name} is in the stages {home[table.full_name]} and {name}; one writes it"
                )
            home[table.full_name] = name
    after = {
        name: {home[source.full_name] for table in tables for source in table.made_from if source.full_name in home}
        for name, tables in named.items()
    }
    needs = {name: before - {name} for name, before in after.items()}
    order = TopologicalSorter(needs).static_order()
    return tuple(Stage(name, named[name], tuple(sorted(needs[name]))) for name in order)


def arguments(tables: tuple[Table, ...], lookahead: int) -> list[str]:
    """Give the command line of a stage: its days and its names.

    What comes from messages is made from as far back as a message may have arrived for it since the run before. What
    comes from daily files is made over all days each night, for on an ex-date the vendor writes the whole adjusted
    history anew.
    """
    names = [table.full_name for table in tables]
    of_files = [table.full_name for table in tables if comes_from_files(table)]
    if of_files and of_files != names:
        raise ValueError(
            f"a stage of messages names {', '.join(of_files)}, made from daily files over all days: part them"
        )
    days = (
        tuple(map(str, ALL_DAYS))
        if of_files
        else (FIRST_DAY.replace("{days}", str(lookahead + LONGEST_PAUSE_DAYS)), LAST_DAY)
    )
    return ["--start", days[0], "--end", days[1], *names]


def lake_tasks(named: Mapping[str, tuple[Table, ...]], finally_run: tuple[str, ...] = ()) -> None:
    """Add to the DAG in force a spark-submit per stage, then one per named job file that comes after all of them.

    SparkSubmitOperator: it takes a list of arguments and no shell line, ends the driver when the task is ended, and
    its connection says where Spark runs, so that the DAG stays when that changes.
    """
    from airflow.providers.apache.spark.operators.spark_submit import SparkSubmitOperator

    lookahead = max(table.lookahead for tables in named.values() for table in tables)

    def submit(name: str, file: str, tables: tuple[Table, ...]) -> Any:
        return SparkSubmitOperator(
            task_id=name,
            name=name,
            conn_id=CONNECTION,
            application=str(JOBS / f"{file}.py"),
            application_args=arguments(tables, lookahead),
        )

    tasks: dict[str, Any] = {}
    for stage in stages(named):
        tasks[stage.name] = submit(stage.name, "stage", stage.tables)
        tasks[stage.name].set_upstream([tasks[name] for name in stage.after])
    made = list(tasks.values())
    for name in finally_run:
        submit(name, name, ()).set_upstream(made)


def write_alert(context: Mapping[str, Any]) -> None:
    """Write one line of JSON to alerts.jsonl in Airflow's home when a task has failed for good, and log it."""
    task = context["task_instance"]
    alert = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "dag": task.dag_id,
        "task": task.task_id,
        "run": task.run_id,
        "attempt": task.try_number,
        "error": str(context.get("exception")),
        "runbook": f"docs/runbooks/{task.dag_id}.md",
    }
    with alerts_file().open("a", encoding="utf-8") as file:
        file.write(json.dumps(alert, ensure_ascii=False) + "\n")
    logger.error("task failed", **alert)


def alerts_file() -> Path:
    """Give the file that alerts are written to."""
    return Path(os.environ.get("AIRFLOW_HOME", "~/airflow")).expanduser() / "alerts.jsonl"


def defaults(owner: str) -> dict[str, Any]:
    """Give what every task of a DAG shares: its owner, two retries, and the alert when they are spent."""
    return {
        "owner": owner,
        "retries": 2,
        "retry_delay": timedelta(minutes=5),
        "on_failure_callback": write_alert,
    }
