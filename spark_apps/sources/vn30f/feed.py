"""The feed of VN30 futures files: one gzip file a session, newest trade first, no trade id, times in whole seconds.

`source_seq` is the place of a line in the reversed file, from 1. Lines are neither sorted, which would break closes
of whole-second minutes, nor held to be duplicates when they are equal: equal lines are distinct trades.
"""

import gzip
import zlib
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path

from spark_apps.errors import EmptyInput, IncompatibleSchema, SchemaMismatch
from spark_apps.rules.calendar import at
from spark_apps.sources.envelope import RECEIPT_DELAY, Envelope
from spark_apps.sources.registry import check
from spark_apps.sources.vn30f.parse import FIELDS, SYMBOL, clock_of

SCHEMA_VERSION = 1
FOLDER = "vn30f/ticks"
FILE_NAME = "%Y%m%d.csv.gz"


def session_dates(folder: Path) -> list[date]:
    """List the sessions that <folder>/vn30f/ticks holds, oldest first.

    Raises SchemaMismatch naming a file that is not named after its session.
    """
    return sorted(_session_date(path) for path in (folder / FOLDER).glob("*.csv*"))


def envelopes(folder: Path, session_date: date) -> Iterator[Envelope]:
    """Yield the trades of <folder>/vn30f/ticks/<yyyymmdd>.csv.gz, oldest first; a payload is a line's bytes.

    A line whose time cannot be read takes the time of the line before it. Raises EmptyInput where there is no file,
    SchemaMismatch where gzip cannot read it, IncompatibleSchema where its columns are not those of the schema in
    their order.
    """
    lines = _lines(folder / FOLDER / f"{session_date:{FILE_NAME}}")
    event_time = at(session_date, "09:00")
    for source_seq, payload in enumerate(reversed(lines), start=1):
        clock = clock_of(payload)
        event_time = at(session_date, clock) if clock else event_time
        yield Envelope(
            source="vn30f",
            channel="trade",
            source_seq=source_seq,
            event_time=event_time,
            received_at=event_time + RECEIPT_DELAY,
            encoding="csv",
            schema_version=SCHEMA_VERSION,
            payload=payload,
            symbol=SYMBOL,
        )


def _session_date(path: Path) -> date:
    try:
        return datetime.strptime(path.name, FILE_NAME).date()  # noqa: DTZ007 - a date has no zone
    except ValueError as error:
        raise SchemaMismatch(f"{path}: its name is no day, yyyymmdd.csv.gz. Rename it, or take it away") from error


def _lines(path: Path) -> list[bytes]:
    if not path.is_file():
        raise EmptyInput(f"{path}: there is no file of this session; name a session that the folder holds")
    try:
        header, *lines = gzip.decompress(path.read_bytes()).splitlines()
    except (gzip.BadGzipFile, EOFError, zlib.error, ValueError) as error:
        raise SchemaMismatch(f"{path}: not a readable gzip file with a header ({error}); fetch it again") from error
    names = header.decode("utf-8", "replace").removeprefix("\ufeff").split(",")
    # What the vendor adds must stand behind the columns that we read by place.
    ours = names[: len(FIELDS)]
    check("vn30f", "trade", SCHEMA_VERSION, dict.fromkeys(ours, ""), where=str(path))
    if tuple(ours) != FIELDS:
        raise IncompatibleSchema(
            f"{path}: its columns begin with {','.join(ours)}, they are read by place as {','.join(FIELDS)}. "
            "Put them in that order"
        )
    return lines
