"""What the feed admits: the very rule texts of silver.ticks, judged by SQLite over parsed messages.

Prices are unscaled integers here and decimals in Spark; the rules only compare, add and divide with a remainder, so
both give one answer. A NULL answer breaks the rule. The late rule is the batch's own and not asked here.
"""

import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import closing
from datetime import date
from functools import lru_cache

import numpy as np

from spark_apps.kernels.layouts import ENTRY, NO_TARGET, SOURCES, Rows
from spark_apps.kernels.reasons import FIRST_FEED_REASON
from spark_apps.sources.envelope import Envelope
from spark_apps.sources.parse import parse_message
from spark_apps.sources.trade import Trade, Unreadable
from spark_apps.tables.market import TICKS

COLUMNS = (*Trade._fields, "received_at", "parse_error")
EPOCH = date(1970, 1, 1)
NOTHING = Trade("", None, None, 0, None, 0, 0, 0, "", None, None, None, None)


def verdicts(parsed: Iterable[Trade | Unreadable], received_at: Iterable[int]) -> list[int]:
    """Give for each message 0, or the number of the first rule of silver.ticks that it breaks (records.REASONS)."""
    rows = (
        (*(None,) * len(Trade._fields), received, found.reason)
        if isinstance(found, Unreadable)
        else (*found[:2], found.session_date and found.session_date.isoformat(), *found[3:], received, None)
        for found, received in zip(parsed, received_at, strict=True)
    )
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute(f"CREATE TABLE ticks ({', '.join(COLUMNS)})")
        connection.executemany(f"INSERT INTO ticks VALUES ({', '.join('?' * len(COLUMNS))})", rows)
        return [number for (number,) in connection.execute(_question())]


@lru_cache(maxsize=1)
def _question() -> str:
    cases = " ".join(
        f"WHEN NOT coalesce({rule.expect}, 0) THEN {number}"
        for number, rule in enumerate(TICKS.rules_of("error"), FIRST_FEED_REASON)
    )
    return f"SELECT CASE {cases} ELSE 0 END FROM ticks ORDER BY rowid"


def entries_of(envelopes: Sequence[Envelope]) -> Rows:
    """Parse and judge messages: one ENTRY each, in order, whatever they are; what is not known is 0."""
    parsed = [
        parse_message(
            one.source, one.channel, one.encoding, one.payload, one.source_seq, one.event_time, one.received_at
        )
        for one in envelopes
    ]
    judged = verdicts(parsed, (one.received_at for one in envelopes))
    entries = np.zeros(len(envelopes), ENTRY)
    for place, (envelope, found, verdict) in enumerate(zip(envelopes, parsed, judged, strict=True)):
        trade = NOTHING if isinstance(found, Unreadable) else found
        entries[place] = (
            trade.instrument_id or 0,
            (trade.session_date - EPOCH).days if trade.session_date else 0,
            SOURCES.get(envelope.source, 0),
            verdict,
            0,
            envelope.source_seq if trade is NOTHING else trade.source_seq,
            NO_TARGET if trade.corrects_seq is None else trade.corrects_seq,
            trade.event_time,
            trade.price,
            trade.quantity,
        )
    return entries
