"""What a commit says of itself: which run, which code, which settings, which inputs."""

import hashlib
import json
import os
import subprocess
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow as pa

from spark_apps.lake.reading import identity
from spark_apps.lake.tables import arrow_schema, opened
from spark_apps.lake.writing import append_arrow
from spark_apps.settings import Settings
from spark_apps.tables.operations import RUNS


def code_commit() -> str:
    """Give the git commit of the code, with +changes when tracked files differ from it; an image names its own."""
    if built := os.environ.get("TAYHO_CODE_COMMIT"):
        return built
    folder = Path(__file__).parent
    commit = _git(folder, "rev-parse", "HEAD")
    return commit + ("+changes" if commit and _git(folder, "status", "--porcelain", "-uno") else "") or "unknown"


@cache
def code_hash() -> str:
    """Hash what this process runs: every file of the package, the built kernels, and the SQL beside it.

    A commit does not tell one uncommitted edit from the next, nor an image from another; the files themselves do.
    """
    package = Path(__file__).parents[1]
    kinds = {".py", ".so", ".csv", ".json", ".j2", ".sql"}
    files = [path for folder in (package, package.parent / "sql") for path in folder.rglob("*") if path.suffix in kinds]
    parts = [f"{path.relative_to(package.parent)} {hashlib.sha256(path.read_bytes()).hexdigest()}" for path in files]
    return hashlib.sha256("\n".join(sorted(parts)).encode()).hexdigest()[:32]


def _git(folder: Path, *words: str) -> str:
    answer = subprocess.run(["git", *words], cwd=folder, capture_output=True, text=True, check=False)
    return answer.stdout.strip()


@dataclass(frozen=True)
class Provenance:
    """Hold what is known of a run before it writes; goes into the userMetadata of each of its commits.

    `opens_from` are the versions of a fold's own tables before it wrote. They count among its inputs, but not for its
    key: each run moves them, and whether its days still open as those before them closed is asked of the states.
    """

    job: str
    start: date | None
    end: date | None
    inputs: Mapping[str, Any]
    settings_hash: str
    opens_from: Mapping[str, Any] = field(default_factory=dict)
    code: str = field(default_factory=code_commit)
    run_id: str = field(default_factory=lambda: uuid.uuid4().hex)
    started_at: int = field(default_factory=time.time_ns)

    @property
    def run_key(self) -> str:
        """Name what would be computed: the same key means the same rows, so a doubled start is a no-op."""
        parts = (self.job, self.start, self.end, self.inputs, self.settings_hash, code_hash())
        return hashlib.sha256(json.dumps(parts, default=str, sort_keys=True).encode()).hexdigest()[:32]

    @property
    def versions_read(self) -> dict[str, Any]:
        """Give every version that the run reads, by table."""
        return {**self.inputs, **self.opens_from}

    @property
    def metadata(self) -> str:
        """Give the commit's userMetadata as JSON."""
        return json.dumps(
            {
                "run_id": self.run_id,
                "run_key": self.run_key,
                "job": self.job,
                "start": str(self.start),
                "end": str(self.end),
                "code": self.code,
                "settings": self.settings_hash,
                "inputs": self.versions_read,
            },
            default=str,
            sort_keys=True,
        )


@dataclass(frozen=True)
class RunReport:
    """Count what a run did. For row-wise jobs rows_in = rows_out + quarantined + late + duplicate.

    `sums` are those that the table conserves of its first input, equal on both sides, by expression.
    """

    job: str
    status: str
    rows_in: int = 0
    rows_out: int = 0
    quarantined: int = 0
    late: int = 0
    duplicate: int = 0
    warnings: dict[str, int] = field(default_factory=dict)
    sums: dict[str, int] = field(default_factory=dict)

    def set_aside(self, layer: str) -> int:
        """Count the rows that went to quarantine, late or duplicate."""
        return {"quarantine": self.quarantined, "late": self.late, "duplicate": self.duplicate}[layer]


def record_run(provenance: Provenance, report: RunReport, settings: Settings) -> None:
    """Append one row to ops.runs."""
    row = {
        "run_id": provenance.run_id,
        "job": provenance.job,
        "slice_start": provenance.start,
        "slice_end": provenance.end,
        "run_date": datetime.fromtimestamp(provenance.started_at / 1e9, UTC).date(),
        "started_at": provenance.started_at,
        "finished_at": time.time_ns(),
        "status": report.status,
        "code_commit": provenance.code,
        "settings_hash": provenance.settings_hash,
        "inputs": json.dumps(provenance.versions_read, default=str, sort_keys=True),
        "rows_in": report.rows_in,
        "rows_out": report.rows_out,
        "rows_quarantined": report.quarantined,
        "rows_late": report.late,
        "rows_duplicate": report.duplicate,
        "warnings": json.dumps(report.warnings, sort_keys=True),
    }
    append_arrow(RUNS, pa.Table.from_pylist([row], arrow_schema(RUNS.columns)), settings, {}, provenance.metadata)


def last_runs(settings: Settings) -> dict[str, list[str]]:
    """Give per job the run that last made its table, and the last day that any run of it which did not fail was for."""
    if identity(RUNS, settings) is None:
        return {}
    columns = ["job", "run_id", "started_at", "status", "slice_end"]
    rows = pa.table(opened(RUNS, settings).to_pyarrow_table(columns=columns)).to_pylist()
    kept = sorted(
        (row for row in rows if row["status"] != "failed"), key=lambda row: (row["started_at"], row["run_id"])
    )
    made = {row["job"]: row["run_id"] for row in kept if row["status"] == "done"}
    until = {row["job"]: str(row["slice_end"]) for row in sorted(kept, key=lambda row: str(row["slice_end"]))}
    return {job: [made.get(job, ""), until[job]] for job in sorted(until)}
