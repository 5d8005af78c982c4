"""Small lakes for tests: sessions of the simulated market put into bronze without a broker, and content hashes."""

import hashlib
from collections.abc import Iterable

import pyarrow as pa
from deltalake import DeltaTable

from spark_apps.lake.location import location
from spark_apps.lake.tables import arrow_schema
from spark_apps.lake.writing import append_arrow
from spark_apps.rules.calendar import exchange_date
from spark_apps.settings import Settings
from spark_apps.sources.envelope import Envelope
from spark_apps.tables.model import Table
from spark_apps.tables.sources import MESSAGES


def put_messages(envelopes: Iterable[Envelope], settings: Settings) -> int:
    """Append envelopes to bronze.messages as the live application would; give their number."""
    rows = [
        {
            "topic": f"tayho.raw.{envelope.source}",
            "topic_partition": 0,
            "topic_offset": offset,
            "broker_time": envelope.received_at,
            "source": envelope.source,
            "channel": envelope.channel,
            "source_seq": envelope.source_seq,
            "event_time": envelope.event_time,
            "received_at": envelope.received_at,
            "encoding": envelope.encoding,
            "schema_version": envelope.schema_version,
            "payload": envelope.payload,
            "ingest_date": exchange_date(envelope.received_at),
            "run_id": "test",
        }
        for offset, envelope in enumerate(envelopes)
    ]
    append_arrow(MESSAGES, pa.Table.from_pylist(rows, arrow_schema(MESSAGES.columns)), settings, {}, "{}")
    return len(rows)


def content(table: Table, settings: Settings) -> pa.Table:
    """Read a table's rows in key order, without the columns that equality leaves out."""
    names = [name for name in table.column_names if name not in table.unequal]
    read = pa.table(DeltaTable(str(location(table, settings))).to_pyarrow_table(columns=names))
    return read.sort_by([(name, "ascending") for name in table.key]).combine_chunks()


def content_hash(table: Table, settings: Settings) -> str:
    """Hash a table's content: the same rows give the same hash, whoever wrote them and in whatever order."""
    rows = content(table, settings)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, rows.schema.remove_metadata()) as writer:
        writer.write_table(rows, max_chunksize=max(1, rows.num_rows))
    return hashlib.sha256(sink.getvalue()).hexdigest()
