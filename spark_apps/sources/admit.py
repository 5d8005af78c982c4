"""What the feed admits: the very rule texts of silver.ticks and silver.quotes, judged by SQLite over parsed messages.

Prices are unscaled integers here and decimals in Spark; the rules only compare, add and divide with a remainder, so
both give one answer. A NULL answer breaks the rule. The late rule is the batch's own and not asked here.
"""

import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import closing
from functools import lru_cache
from typing import Any

import numpy as np

from spark_apps.kernels.layouts import ENTRY, NO_TARGET, QUOTE, SOURCES, Rows
from spark_apps.kernels.reasons import FIRST_FEED_REASON
from spark_apps.rules.calendar import EPOCH
from spark_apps.sources.envelope import Envelope
from spark_apps.sources.parse import parse_message
from spark_apps.sources.quote import Quote
from spark_apps.sources.trade import Trade, Unreadable
from spark_apps.tables.market import TICKS
from spark_apps.tables.model import Table
from spark_apps.tables.quotes import QUOTES

NO_TRADE = Trade("", None, None, 0, None, 0, 0, 0, "", None, None, None, None)
NO_QUOTE = Quote("", None, None, 0, 0, None, 0, None, 0, 0, 0)


def verdicts(
    kind: type[Trade | Quote], parsed: Iterable[Trade | Quote | Unreadable], received_at: Iterable[int]
) -> list[int]:
    """Give for each message 0, or the number of the first rule of its table that it breaks (kernels/reasons.py)."""
    fields, table = (Quote._fields, QUOTES) if kind is Quote else (Trade._fields, TICKS)
    columns = (*fields, "received_at", "parse_error")
    rows = (
        (*(None,) * len(fields), received, found.reason)
        if isinstance(found, Unreadable)
        else (*found[:2], found.session_date and found.session_date.isoformat(), *found[3:], received, None)
        for found, received in zip(parsed, received_at, strict=True)
    )
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute(f"CREATE TABLE messages ({', '.join(columns)})")
        connection.executemany(f"INSERT INTO messages VALUES ({', '.join('?' * len(columns))})", rows)
        return [number for (number,) in connection.execute(_question(table))]


@lru_cache(maxsize=2)
def _question(table: Table) -> str:
    cases = " ".join(
        f"WHEN NOT coalesce({rule.expect}, 0) THEN {number}"
        for number, rule in enumerate(table.rules_of("error"), FIRST_FEED_REASON)
    )
    return f"SELECT CASE {cases} ELSE 0 END FROM messages ORDER BY rowid"


def entries_of(envelopes: Sequence[Envelope]) -> Rows:
    """Parse and judge messages that are all quotes, or none of them: one QUOTE or ENTRY each, in order.

    Whatever they are; what is not known is 0.
    """
    is_quotes = bool(envelopes) and envelopes[0].channel == "quote"
    kind, write = (Quote, _quote_row) if is_quotes else (Trade, _trade_row)
    parsed = [
        parse_message(
            one.source, one.channel, one.encoding, one.payload, one.source_seq, one.event_time, one.received_at
        )
        for one in envelopes
    ]
    judged = verdicts(kind, parsed, (one.received_at for one in envelopes))
    entries = np.zeros(len(envelopes), QUOTE if is_quotes else ENTRY)
    for place, (envelope, found, verdict) in enumerate(zip(envelopes, parsed, judged, strict=True)):
        entries[place] = write(envelope, found, verdict)
    return entries


def _trade_row(envelope: Envelope, found: Any, verdict: int) -> tuple[int, ...]:
    trade = NO_TRADE if isinstance(found, Unreadable) else found
    return (
        *_head(envelope, trade, verdict),
        envelope.source_seq if trade is NO_TRADE else trade.source_seq,
        NO_TARGET if trade.corrects_seq is None else trade.corrects_seq,
        trade.event_time,
        trade.price,
        trade.quantity,
    )


def _quote_row(envelope: Envelope, found: Any, verdict: int) -> tuple[int, ...]:
    quote = NO_QUOTE if isinstance(found, Unreadable) else found
    sides = (quote.bid or 0, quote.bid_quantity, quote.ask or 0, quote.ask_quantity, quote.bid_depth, quote.ask_depth)
    number = envelope.source_seq if quote is NO_QUOTE else quote.source_seq
    return (*_head(envelope, quote, verdict), number, quote.event_time, *sides)


def _head(envelope: Envelope, found: Trade | Quote, verdict: int) -> tuple[int, ...]:
    day = (found.session_date - EPOCH).days if found.session_date else 0
    return found.instrument_id or 0, day, SOURCES.get(envelope.source, 0), verdict, 0
