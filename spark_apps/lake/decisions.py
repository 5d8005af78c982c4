"""What people decide: rows that no job makes, each with a run of its own."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import pyarrow as pa

from spark_apps.lake.provenance import Provenance, RunReport, record_run
from spark_apps.lake.tables import arrow_schema
from spark_apps.lake.writing import append_arrow
from spark_apps.settings import Settings
from spark_apps.tables.model import Table


def record_decision(table: Table, row: Mapping[str, Any], day: date, name: str, settings: Settings) -> None:
    """Append one row under a run that bears the name of the command."""
    provenance = Provenance(name, day, day, {}, settings.fingerprint)
    rows = pa.Table.from_pylist([{**row, "run_id": provenance.run_id}], arrow_schema(table.columns))
    append_arrow(table, rows, settings, {}, provenance.metadata)
    record_run(provenance, RunReport(name, "done", rows_out=1), settings)
