"""Say which rule of the fold an entry breaks before its number is looked at: what it belongs to, what it says, when."""

from spark_apps.kernels.layouts import AMOUNT_LIMIT, SIDES, Rows
from spark_apps.kernels.reasons import Reason
from spark_apps.kernels.reference_bar_session import NO_SESSION, Clock


def broken_rule(row: Rows, clock: Clock, ahead: int, is_correction: bool) -> int:
    """Give the first rule that a trade or correction breaks, 0 for none."""
    key, session, _, _, _, _, _, event_time, price, quantity = row.item()
    rules = (
        (Reason.PRICE_IS_POSITIVE, price > 0),
        (Reason.QUANTITY_IS_POSITIVE, quantity > 0 or (quantity == 0 and is_correction)),
        (Reason.AMOUNT_IS_IN_RANGE, price * quantity <= AMOUNT_LIMIT),
    )
    return _first((*_place(key, session, clock), *rules, _time(event_time, clock, ahead)))


def broken_quote_rule(row: Rows, clock: Clock, ahead: int) -> int:
    """Give the first rule that a quote breaks, 0 for none."""
    key, session, _, _, _, _, event_time, *_ = row.item()
    rules = ((Reason.SIDES_ARE_WHOLE, has_whole_sides(row)),)
    return _first((*_place(key, session, clock), *rules, _time(event_time, clock, ahead)))


def _place(key: int, session: int, clock: Clock) -> tuple[tuple[Reason, bool], ...]:
    is_open = clock.session != NO_SESSION
    return (
        (Reason.RECORD_IS_READABLE, key >= 1),
        (Reason.ARRIVES_WITHIN_BOUND, not (is_open and session < clock.session)),
        (Reason.SESSION_IS_OPEN, is_open and session == clock.session),
    )


def _time(event_time: int, clock: Clock, ahead: int) -> tuple[Reason, bool]:
    return Reason.EVENT_IS_NOT_AHEAD_OF_CLOCK, event_time <= clock.market_time + ahead


def _first(rules: tuple[tuple[Reason, bool], ...]) -> int:
    return next((reason.value for reason, holds in rules if not holds), 0)


def has_whole_sides(row: Rows) -> bool:
    """Say whether each side of a quote has price, quantity and depth, or none of them."""
    bid, bid_quantity, ask, ask_quantity, bid_depth, ask_depth = row[[name for name, _ in SIDES]].item()
    return _is_whole(bid, bid_quantity, bid_depth) and _is_whole(ask, ask_quantity, ask_depth)


def _is_whole(price: int, quantity: int, depth: int) -> bool:
    if price == 0:
        return quantity == depth == 0
    return price > 0 and 0 < quantity <= depth and price * depth <= AMOUNT_LIMIT
