"""What every vendor's message becomes: a trade, or a correction of one. Prices unscaled at four decimals."""

import re
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

from spark_apps.errors import SchemaMismatch
from spark_apps.rules.calendar import exchange_date, session_of
from spark_apps.rules.instruments import by_symbol

PLAIN = re.compile(r"-?\d{1,14}(\.\d{1,4}0*)?", re.ASCII)
DECIMALS = 4


class Trade(NamedTuple):
    """State what a message says; None where it does not say it or where we do not know.

    `instrument_id` is None for a symbol that no row knows, `session_date` on a day without a session.
    """

    source: str
    instrument_id: int | None
    session_date: date | None
    source_seq: int
    corrects_seq: int | None
    event_time: int
    price: int
    quantity: int
    side: str
    ceiling_price: int | None
    floor_price: int | None
    tick_size: int | None
    lot_size: int | None


class Unreadable(NamedTuple):
    """State why a message could not be read: field, value, rule."""

    reason: str


def trade_of(
    source: str,
    symbol: str,
    *,
    source_seq: int,
    event_time: int,
    price: int,
    quantity: int,
    side: str,
    corrects_seq: int | None = None,
    ceiling_price: int | None = None,
    floor_price: int | None = None,
    tick_size: int | None = None,
    lot_size: int | None = None,
) -> Trade:
    """Find instrument and session of what a message says."""
    return Trade(
        source,
        instrument_id_of(symbol, exchange_date(event_time)),
        session_of(event_time),
        source_seq,
        corrects_seq,
        event_time,
        price,
        quantity,
        side,
        ceiling_price,
        floor_price,
        tick_size,
        lot_size,
    )


@lru_cache(maxsize=16_384)
def instrument_id_of(symbol: str, on: date) -> int | None:
    """Give the instrument that a symbol names on a day; nothing where none does."""
    instrument = by_symbol(symbol, on)
    return instrument.instrument_id if instrument else None


def unscaled(text: str, field: str) -> int:
    """Turn a plain decimal text into an integer at four decimals, exactly; refuse what does not fit."""
    if not PLAIN.fullmatch(text):
        raise SchemaMismatch(f"{field}: {shown(text)} is not a number with at most 14 digits and {DECIMALS} decimals")
    return int(Decimal(text).scaleb(DECIMALS))


def shown(value: object) -> str:
    """Show a value in an error: ASCII, at most 60 characters."""
    return ascii(value)[:60]
