"""The DAG runs in Airflow's own environment, by spark-submit, from messages and files to the report."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest
from deltalake import DeltaTable

from spark_apps.lake.location import location
from spark_apps.settings import Settings
from spark_apps.sources.cafef.simulate import write_daily_files
from spark_apps.sources.sim.feed import envelopes
from spark_apps.tables.decisions import DAILY_REPORT
from spark_apps.tables.operations import RUNS
from tests.conftest import settings_in
from tests.house.tree import ROOT
from tests.lakes import put_messages

DAY = date(2026, 11, 20)
LAKE = Path(sys.executable).parents[1]
AIRFLOW = ROOT / ".venv" / "airflow" / "bin" / "airflow"
CONNECTION = {
    "conn_type": "spark",
    "host": "local[2]",
    "extra": {"deploy-mode": "client", "spark-binary": "spark-submit"},
}
BROKEN = """
from airflow.sdk import DAG
from spark_apps.scheduling import defaults, lake_tasks
from spark_apps.tables.model import replace
from spark_apps.tables.market import BARS_5M

NOWHERE = replace(BARS_5M, name="bars_7m")
with DAG("broken", schedule=None, default_args=defaults("nobody") | {"retries": 0}):
    lake_tasks({"widen": (NOWHERE,)})
"""


@dataclass(frozen=True)
class Airflow:
    """Hold one Airflow home with its own SQLite, and a lake."""

    home: Path
    settings: Settings

    def run(self, *words: str, dags: Path = ROOT / "airflow" / "dags") -> subprocess.CompletedProcess[str]:
        """Run one command of Airflow from the repository's root."""
        environment = os.environ | {
            "AIRFLOW_HOME": str(self.home),
            "AIRFLOW__CORE__DAGS_FOLDER": str(dags),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "false",
            "AIRFLOW_CONN_SPARK_LAKE": json.dumps(CONNECTION),
            "PATH": f"{LAKE / 'bin'}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT),
            "SPARK_SUBMIT_OPTS": "-XX:TieredStopAtLevel=1",  # short programs: no second compiler
            "TAYHO_LAKE_ROOT": str(self.settings.lake_root),
            "TAYHO_LANDING_ROOT": str(self.settings.landing_root),
            "TAYHO_REPORT_ROOT": str(self.settings.report_root),
            "TAYHO_FEATURES__DATA_DOCS": "false",  # tests/reports/test_data_docs.py builds them
        }
        command = [str(AIRFLOW), *words]
        return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)

    def alerts(self) -> list[dict[str, str]]:
        """Read the alerts that were written."""
        file = self.home / "alerts.jsonl"
        return [json.loads(line) for line in file.read_text().splitlines()] if file.is_file() else []


@pytest.fixture(scope="module")
def airflow(tmp_path_factory: pytest.TempPathFactory) -> Airflow:
    """Make an Airflow home and the input of one session."""
    folder = tmp_path_factory.mktemp("airflow")
    made = Airflow(folder, settings_in(folder))
    migrated = made.run("db", "migrate")
    assert migrated.returncode == 0, migrated.stderr
    write_daily_files(made.settings.landing_root, 7, [DAY], 320)
    put_messages(envelopes(DAY, 7, 600), made.settings)
    return made


@pytest.mark.timeout(1200)  # four Spark applications, one after another
def test_the_nightly_batch_runs_from_messages_to_the_report(airflow: Airflow) -> None:
    done = airflow.run("dags", "test", "market_daily", str(DAY), "--conf", '{"start": "2025-06-01"}')
    assert "state=success" in done.stdout + done.stderr, (done.stdout + done.stderr)[-4000:]
    rows = DeltaTable(str(location(DAILY_REPORT, airflow.settings))).to_pyarrow_table().num_rows
    runs = DeltaTable(str(location(RUNS, airflow.settings))).to_pyarrow_table().to_pylist()
    assert rows > 300
    assert {run["status"] for run in runs} == {"done"}
    assert (airflow.settings.report_root / f"daily-{DAY}.html").is_file()
    assert airflow.alerts() == []


def test_a_failed_task_shows_and_names_its_days(airflow: Airflow, tmp_path: Path) -> None:
    (tmp_path / "broken.py").write_text(BROKEN)
    done = airflow.run("dags", "test", "broken", str(DAY), dags=tmp_path)
    said = done.stdout + done.stderr
    assert "state=failed" in said
    assert "--start 2026-11-17 --end 2026-11-20 gold.bars_7m" in said
    (alert,) = airflow.alerts()
    assert (alert["dag"], alert["task"]) == ("broken", "widen")
