"""Lines of VN30 futures files: Time, Price, Volume, Side, in points and contracts, by exchange time."""

import re

from spark_apps.errors import SchemaMismatch
from spark_apps.rules.calendar import at, exchange_date
from spark_apps.sources.trade import Trade, shown, trade_of, unscaled

SYMBOL = "VN30F1M"
FIELDS = ("Time", "Price", "Volume", "Side")
# M is mua, the buyer crossed the spread; B is ban, the seller did. Auction prints keep the side that the file says.
SIDES = {"M": "buy", "B": "sell", "-": "unknown"}
CLOCK = re.compile(r"([01]\d|2[0-3]):[0-5]\d:[0-5]\d", re.ASCII)
NUMBER = re.compile(r"-?\d{1,18}", re.ASCII)


def clock_of(payload: bytes) -> str:
    """Give the exchange-time clock reading of a line; empty where it has none."""
    text = payload[:8].decode("ascii", "replace")
    return text if CLOCK.fullmatch(text) else ""


def parse(payload: bytes, source_seq: int, event_time: int) -> Trade:
    """Read one line; its day is that of the envelope's event_time. Raise SchemaMismatch naming field and value."""
    try:
        fields = payload.decode("utf-8").split(",")
    except UnicodeDecodeError as error:
        raise SchemaMismatch(f"payload: not UTF-8 at byte {error.start}") from error
    if len(fields) < len(FIELDS):
        raise SchemaMismatch(f"payload: {len(fields)} fields, expected {','.join(FIELDS)}")
    clock, price, volume, side = fields[: len(FIELDS)]
    if not CLOCK.fullmatch(clock):
        raise SchemaMismatch(f"Time: {shown(clock)} is not HH:MM:SS")
    if not NUMBER.fullmatch(volume):
        raise SchemaMismatch(f"Volume: {shown(volume)} is not a whole number")
    if side not in SIDES:
        raise SchemaMismatch(f"Side: {shown(side)} is none of M, B, -")
    return trade_of(
        "vn30f",
        SYMBOL,
        source_seq=source_seq,
        event_time=at(exchange_date(event_time), clock),
        price=unscaled(price, "Price"),
        quantity=int(volume),
        side=SIDES[side],
    )
