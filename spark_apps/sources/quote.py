"""What a vendor's message about its book becomes: the best bid and offer, and what stands behind them."""

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from spark_apps.errors import SchemaMismatch
from spark_apps.kernels.layouts import AMOUNT_LIMIT
from spark_apps.rules.calendar import exchange_date, session_of
from spark_apps.sources.trade import instrument_id_of

# Price and quantity of one level, unscaled.
Level = tuple[int, int]


class Quote(NamedTuple):
    """State what a message says; prices unscaled at four decimals, None for a side that nobody quotes.

    `instrument_id` is None for a symbol that no row knows, `session_date` on a day without a session.
    """

    source: str
    instrument_id: int | None
    session_date: date | None
    source_seq: int
    event_time: int
    bid: int | None
    bid_quantity: int
    ask: int | None
    ask_quantity: int
    bid_depth: int
    ask_depth: int


def quote_of(
    source: str, symbol: str, *, source_seq: int, event_time: int, bids: Sequence[Level], asks: Sequence[Level]
) -> Quote:
    """Find instrument and session of a book's levels, in any order; raise SchemaMismatch where one is none."""
    sides = []
    for name, levels, best_of in (("bids", bids, max), ("asks", asks, min)):
        for price, quantity in levels:
            if price <= 0 or quantity <= 0:
                raise SchemaMismatch(f"{name}: a level of price {price} and quantity {quantity} is none")
        best, quantity = best_of(levels) if levels else (None, 0)
        depth = sum(quantity for _, quantity in levels)
        if (best or 0) * depth > AMOUNT_LIMIT:
            raise SchemaMismatch(f"{name}: price times depth: {best} * {depth}, at most {AMOUNT_LIMIT} unscaled")
        sides.append((best, sum(each for price, each in levels if price == best) if best else quantity, depth))
    (bid, bid_quantity, bid_depth), (ask, ask_quantity, ask_depth) = sides
    return Quote(
        source,
        instrument_id_of(symbol, exchange_date(event_time)),
        session_of(event_time),
        source_seq,
        event_time,
        bid,
        bid_quantity,
        ask,
        ask_quantity,
        bid_depth,
        ask_depth,
    )
