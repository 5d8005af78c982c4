"""The one door to every vendor's parser; it answers and never raises."""

from spark_apps.errors import SchemaMismatch
from spark_apps.kernels.layouts import AMOUNT_LIMIT
from spark_apps.sources.quote import Quote
from spark_apps.sources.sim import parse as sim
from spark_apps.sources.trade import Trade, Unreadable, shown
from spark_apps.sources.vn30f import parse as vn30f

TIME_LIMIT = 1 << 62


def parse_message(
    source: str | None,
    channel: str | None,
    encoding: str | None,
    payload: bytes | None,
    source_seq: int | None,
    event_time: int | None,
    received_at: int | None,
) -> Trade | Quote | Unreadable:
    """Read one message by the envelope it came in; any field of the envelope may be missing.

    An amount that no sum could hold is unreadable, to the feed and to the batch alike: a fold refuses it.
    """
    if payload is None or source_seq is None or event_time is None or received_at is None:
        return Unreadable("envelope: payload, source_seq, event_time or received_at is missing")
    if not (0 <= event_time < TIME_LIMIT and 0 <= received_at < TIME_LIMIT):
        return Unreadable("envelope: event_time or received_at lies outside 1970 to 2116")
    found: Trade | Quote | Unreadable
    try:
        match source, channel, encoding:
            case "sim", ("trade" | "correction"), "json":
                found = sim.parse(payload, str(channel))
            case "sim", "quote", "json":
                found = sim.parse_quote(payload)
            case "vn30f", "trade", "csv":
                found = vn30f.parse(payload, source_seq, event_time)
            case _:
                found = Unreadable(
                    f"envelope: no parser for source {shown(source)}, channel {shown(channel)}, {shown(encoding)}"
                )
    except SchemaMismatch as error:
        return Unreadable(str(error))
    if isinstance(found, Trade) and found.price * found.quantity > AMOUNT_LIMIT:
        return Unreadable(f"price times quantity: {found.price} * {found.quantity}, at most {AMOUNT_LIMIT} unscaled")
    return found
