"""Raw messages to rows, by the same parser that the feed uses."""

from collections.abc import Iterable
from datetime import timedelta
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import DataFrame

from spark_apps.kernels.arrow import decimals, map_batches
from spark_apps.sources.parse import parse_message
from spark_apps.sources.quote import Quote
from spark_apps.sources.trade import Trade, Unreadable
from spark_apps.tables.market import PRICE, TICKS
from spark_apps.tables.model import RUN_ID, WARNINGS, Column, Table
from spark_apps.tables.quotes import QUOTES

ENVELOPE = ("source", "channel", "encoding", "payload", "source_seq", "event_time", "received_at")
# What we still know of a message that cannot be read, and of every message.
FROM_ENVELOPE = ("source", "source_seq")
UNTOUCHED = ("received_at", "ingest_date", "topic", "topic_partition", "topic_offset", "payload")
ARROW_TYPES = {"STRING": pa.string(), "INT": pa.int32(), "BIGINT": pa.int64(), "DATE": pa.date32()}
LATE_DAYS = timedelta(days=TICKS.lookahead)


def parse_trades(messages: DataFrame) -> DataFrame:
    """Read raw messages. Grain: one row per message; slice_date is the session, where one is near enough."""
    return map_batches(messages, partial(_parse, TICKS, Trade), _schema(TICKS))


def parse_quotes(messages: DataFrame) -> DataFrame:
    """Read raw messages of books. Grain: one row per message; slice_date is the session, where one is near enough."""
    return map_batches(messages, partial(_parse, QUOTES, Quote), _schema(QUOTES))


def _made_of(table: Table) -> Iterable[Column]:
    return (column for column in (*table.columns, *table.evidence) if column not in (RUN_ID, WARNINGS))


def _schema(table: Table) -> str:
    return ", ".join(f"{column.name} {column.type}" for column in _made_of(table))


def _parse(table: Table, kind: type[Trade | Quote], messages: pa.Table) -> pa.Table:
    fields, envelopes = kind._fields, zip(*(messages[name].to_pylist() for name in ENVELOPE), strict=True)
    found = [_of_kind(kind, parse_message(*one)) for one in envelopes]
    read: dict[str, list[Any]] = {name: [] for name in fields}
    for one in found:
        values = (None,) * len(fields) if isinstance(one, Unreadable) else one
        for name, value in zip(fields, values, strict=True):
            read[name].append(value)
    columns = {name: messages[name] for name in UNTOUCHED}
    for column in _made_of(table):
        if column.name in read:
            said = read[column.name]
            columns[column.name] = _prices(said) if column.type == PRICE else pa.array(said, ARROW_TYPES[column.type])
    for name in FROM_ENVELOPE:
        columns[name] = pc.coalesce(columns[name], messages[name])
    columns["parse_error"] = pa.array(
        [one.reason if isinstance(one, Unreadable) else None for one in found], pa.string()
    )
    columns["slice_date"] = _slice_dates(columns["session_date"], messages["ingest_date"])
    return pa.table({column.name: columns[column.name] for column in _made_of(table)})


def _of_kind(kind: type[Trade | Quote], found: Trade | Quote | Unreadable) -> Trade | Quote | Unreadable:
    return (
        found
        if isinstance(found, (kind, Unreadable))
        else Unreadable(f"envelope: channel is none of a {kind.__name__}")
    )


def _prices(values: list[int | None]) -> pa.Array:
    """Give unscaled prices as decimals, nulls kept."""
    numbers = pa.array(values, pa.int64())
    filled = decimals(np.asarray(numbers.fill_null(0)), 18, 4)
    return pc.if_else(numbers.is_valid(), filled, pa.scalar(None, filled.type))


def _slice_dates(session_date: pa.Array, ingest_date: pa.ChunkedArray) -> pa.Array:
    """Give the session where it lies at most three days before receipt and not after it, else the day of receipt."""
    pairs = zip(session_date.to_pylist(), ingest_date.to_pylist(), strict=True)
    return pa.array([s if s and i - LATE_DAYS <= s <= i else i for s, i in pairs], pa.date32())
