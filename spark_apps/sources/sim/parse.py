"""JSON messages of the simulated market: prices in VND as numbers, times ISO 8601 with a zone."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from spark_apps.errors import SchemaMismatch
from spark_apps.sources.quote import Level, Quote, quote_of
from spark_apps.sources.trade import Trade, shown, trade_of, unscaled

SIDES = frozenset({"buy", "sell", "auction", "unknown"})
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
WHOLE_LIMIT, LOT_LIMIT, TIME_LIMIT = 1 << 62, 1 << 31, 1 << 62


def parse(payload: bytes, channel: str) -> Trade:
    """Read one message of channel trade or correction; raise SchemaMismatch naming field and value.

    Fields that we do not know are passed over: an added field is no fault.
    """
    said = _fields(payload)
    is_correction = channel == "correction"
    side = _text(said, "side")
    if side not in SIDES:
        raise SchemaMismatch(f"side: {shown(side)} is none of {', '.join(sorted(SIDES))}")
    return trade_of(
        "sim",
        _text(said, "symbol"),
        source_seq=_number(said, "seq"),
        event_time=_time(said),
        price=_price(said, "price"),
        quantity=_whole(said, "volume"),
        side=side,
        corrects_seq=_number(said, "corrects") if is_correction else None,
        ceiling_price=_price(said, "ceiling") if "ceiling" in said else None,
        floor_price=_price(said, "floor") if "floor" in said else None,
        tick_size=_above_zero(_price(said, "tick"), "tick") if "tick" in said else None,
        lot_size=_above_zero(_whole(said, "lot", LOT_LIMIT), "lot") if "lot" in said else None,
    )


def parse_quote(payload: bytes) -> Quote:
    """Read one message of channel quote; raise SchemaMismatch naming field and value."""
    said = _fields(payload)
    return quote_of(
        "sim",
        _text(said, "symbol"),
        source_seq=_number(said, "seq"),
        event_time=_time(said),
        bids=_levels(said, "bids"),
        asks=_levels(said, "asks"),
    )


def _levels(said: dict[str, Any], field: str) -> list[Level]:
    """Read price and volume of each level of a side."""
    levels = said.get(field)
    if not isinstance(levels, list) or not all(isinstance(level, list) and len(level) == 2 for level in levels):
        raise SchemaMismatch(f"{field}: {shown(levels)} is no list of pairs")
    named = [{field: price, f"{field} volume": volume} for price, volume in levels]
    return [(_price(level, field), _whole(level, f"{field} volume")) for level in named]


def _fields(payload: bytes) -> dict[str, Any]:
    try:
        said = json.loads(payload.decode("utf-8"), parse_float=Decimal, parse_constant=_refuse_constant)
    except UnicodeDecodeError as error:
        raise SchemaMismatch(f"payload: not UTF-8 at byte {error.start}") from error
    except (ValueError, ArithmeticError, RecursionError) as error:
        raise SchemaMismatch(f"payload: not JSON ({shown(str(error))})") from error
    if not isinstance(said, dict):
        raise SchemaMismatch(f"payload: a JSON {type(said).__name__}, expected an object")
    return said


def _refuse_constant(text: str) -> None:
    raise ValueError(f"{text} is no JSON number")


def _text(said: dict[str, Any], field: str) -> str:
    value = said.get(field)
    if not isinstance(value, str):
        raise SchemaMismatch(f"{field}: {shown(value)} is not a text")
    return value


def _whole(said: dict[str, Any], field: str, limit: int = WHOLE_LIMIT) -> int:
    value = said.get(field)
    if type(value) is not int or not -limit < value < limit:
        raise SchemaMismatch(f"{field}: {shown(value)} is not a whole number that fits")
    return value


def _number(said: dict[str, Any], field: str) -> int:
    """Read the number of a message; one below zero would mean "corrects nothing" to the fold."""
    value = _whole(said, field)
    if value < 0:
        raise SchemaMismatch(f"{field}: {value} is below zero")
    return value


def _price(said: dict[str, Any], field: str) -> int:
    value = said.get(field)
    if type(value) not in (int, Decimal):
        raise SchemaMismatch(f"{field}: {shown(value)} is not a number")
    if isinstance(value, Decimal) and not -30 < value.adjusted() < 30:
        raise SchemaMismatch(f"{field}: {shown(str(value))} is out of range")
    return unscaled(format(value, "f") if isinstance(value, Decimal) else str(value), field)


def _above_zero(value: int, field: str) -> int:
    if value <= 0:
        raise SchemaMismatch(f"{field}: {value} is not above zero")
    return value


def _time(said: dict[str, Any]) -> int:
    text = _text(said, "time")
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise SchemaMismatch(f"time: {shown(text)} is not ISO 8601") from error
    if moment.tzinfo is None:
        raise SchemaMismatch(f"time: {shown(text)} has no zone")
    nanoseconds = (moment - EPOCH) // MICROSECOND * 1000
    if not 0 <= nanoseconds < TIME_LIMIT:
        raise SchemaMismatch(f"time: {shown(text)} lies outside 1970 to 2116")
    return nanoseconds
