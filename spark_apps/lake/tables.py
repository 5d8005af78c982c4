"""Declarations made real: an empty Delta table with comments, partitions and CHECK constraints."""

import json
import re
from dataclasses import replace
from typing import Any

import pyarrow as pa
from deltalake import DeltaTable, Schema
from deltalake.exceptions import TableNotFoundError

from spark_apps.errors import SchemaMismatch, UnknownTable
from spark_apps.lake.location import location
from spark_apps.settings import Settings
from spark_apps.tables.market import UNREADABLE_OR
from spark_apps.tables.model import Column, Rule, Severity, Table

DELTA_TYPES = {"STRING": "string", "INT": "integer", "BIGINT": "long", "DOUBLE": "double", "DATE": "date",
               "BINARY": "binary", "BOOLEAN": "boolean"}  # fmt: skip
ARROW_TYPES = {"STRING": pa.string(), "INT": pa.int32(), "BIGINT": pa.int64(), "DOUBLE": pa.float64(),
               "DATE": pa.date32(), "BINARY": pa.binary(), "BOOLEAN": pa.bool_()}  # fmt: skip
CONSTRAINT = "delta.constraints."
DECIMAL = re.compile(r"DECIMAL\((\d+),(\d+)\)")
# History is what receipts lean on: keep log and removed files far longer than Delta's week.
PROPERTIES = {
    "delta.logRetentionDuration": "interval 3650 days",
    "delta.deletedFileRetentionDuration": "interval 365 days",
}


def arrow_type(text: str) -> pa.DataType:
    """Give the Arrow type of a declared Spark type."""
    if decimal := DECIMAL.fullmatch(text):
        return pa.decimal128(int(decimal[1]), int(decimal[2]))
    return pa.list_(pa.string()) if text == "ARRAY<STRING>" else ARROW_TYPES[text]


def arrow_schema(columns: tuple[Column, ...]) -> pa.Schema:
    """Give the Arrow schema of declared columns."""
    return pa.schema([pa.field(column.name, arrow_type(column.type), column.nullable) for column in columns])


def delta_schema(table: Table) -> Schema:
    """Give a table's columns as Delta keeps them, comments and all."""
    return Schema.from_json(
        json.dumps({"type": "struct", "fields": [_delta_field(column) for column in table.columns]})
    )


def _delta_field(column: Column) -> dict[str, Any]:
    kind: Any = DELTA_TYPES.get(column.type, column.type.lower())
    if column.type == "ARRAY<STRING>":
        kind = {"type": "array", "elementType": "string", "containsNull": True}
    return {"name": column.name, "type": kind, "nullable": column.nullable, "metadata": {"comment": column.doc}}


def stored_rules(table: Table, *severities: Severity) -> tuple[Rule, ...]:
    """Give the rules that a stored row can answer, since they read stored columns only.

    A rule that passes over what cannot be read holds without that clause: a stored row could be read.
    """
    evidence = {column.name for column in table.evidence}
    stored = [replace(rule, expect=rule.expect.removeprefix(UNREADABLE_OR)) for rule in table.rules_of(*severities)]
    return tuple(rule for rule in stored if not evidence & set(re.findall(r"[a-z_0-9]+", rule.expect)))


def constraints(table: Table) -> tuple[Rule, ...]:
    """Give the error rules that Delta itself holds: it refuses a stored row that breaks one."""
    return stored_rules(table, "error")


def ensure(table: Table, settings: Settings) -> DeltaTable:
    """Open a table to write it, made empty from its declaration when it is not there yet.

    One commit makes columns and constraints, so that no table stands without them, wherever a process dies.
    Raises SchemaMismatch where the table that is there is not the one that is declared.
    """
    path = str(location(table, settings))
    if DeltaTable.is_deltatable(path):
        found = DeltaTable(path)
        _refuse_another_shape(found, table, path)
        return found
    held = {f"{CONSTRAINT}{rule.name}": rule.expect for rule in constraints(table)}
    DeltaTable.create(
        path,
        schema=delta_schema(table),
        mode="ignore",
        partition_by=list(table.partition_by),
        name=table.full_name,
        description=table.grain,
        # Constraints ask for writers of version 3; their names are free, so delta-rs must not look them up.
        configuration=PROPERTIES | _statistics(table) | (held | {"delta.minWriterVersion": "3"} if held else {}),
        raise_if_key_not_exists=False,
    )
    return DeltaTable(path)


def _statistics(table: Table) -> dict[str, str]:
    """Have Spark keep each file's least and greatest of what is asked for: the key and the clock that slices follow.

    Of every column they cost a sixth of a large write.
    """
    asked = {*table.key, table.time} - set(table.partition_by)
    return {"delta.dataSkippingStatsColumns": ",".join(name for name in table.column_names if name in asked)}


def _refuse_another_shape(found: DeltaTable, table: Table, path: str) -> None:
    """Hold columns, types and constraints on disk against the declaration; it costs a fortieth of opening a table."""
    on_disk = _columns(json.loads(found.schema().to_json())["fields"])
    on_disk |= {
        f"constraint {key.removeprefix(CONSTRAINT)}": text
        for key, text in found.metadata().configuration.items()
        if key.startswith(CONSTRAINT)
    }
    declared = _columns([_delta_field(column) for column in table.columns])
    declared |= {f"constraint {rule.name}": rule.expect for rule in constraints(table)}
    if on_disk == declared:
        return
    differing = [
        f"{name} is {on_disk.get(name, 'missing')}, declared {declared.get(name, 'nowhere')}"
        for name in sorted(on_disk.keys() | declared.keys())
        if on_disk.get(name) != declared.get(name)
    ]
    raise SchemaMismatch(
        f"{table.full_name} is not what tables declares: {'; '.join(differing)}. Bring it there with ALTER TABLE "
        f"delta.`{path}`, or move that folder away and make the table again"
    )


def _columns(fields: list[dict[str, Any]]) -> dict[str, str]:
    """Name each column with its type, and whether it must be there."""
    return {f"column {field['name']}": f"{field['type']}{'' if field['nullable'] else ' NOT NULL'}" for field in fields}


def opened(table: Table, settings: Settings) -> DeltaTable:
    """Open a table that must be there; raise UnknownTable saying which job makes it."""
    try:
        return DeltaTable(str(location(table, settings)))
    except TableNotFoundError as error:
        raise UnknownTable(
            f"{table.full_name} has not been made yet under {settings.lake_root}: run `make run`, or its job"
        ) from error
