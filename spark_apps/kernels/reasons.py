"""Number the rules that a record may break: the fold's own, then those of the feed's table."""

from enum import IntEnum

from spark_apps.tables.market import TICKS
from spark_apps.tables.model import Table
from spark_apps.tables.quotes import QUOTES


class Reason(IntEnum):
    """Number the fold's own rules: what must hold for an entry to count."""

    SESSION_IS_OPEN = 1
    EVENT_IS_NOT_AHEAD_OF_CLOCK = 2
    PRICE_IS_POSITIVE = 3
    QUANTITY_IS_POSITIVE = 4
    CORRECTED_TRADE_IS_KNOWN = 5
    TAIL_HAS_ROOM = 6
    ARRIVES_WITHIN_BOUND = 7
    IS_FIRST_SEEN = 8
    RECORD_IS_READABLE = 9
    AMOUNT_IS_IN_RANGE = 10
    SEED_OPENS_ITS_SESSION = 11
    SEED_FITS_THE_FOLD = 12
    PARAMETERS_FIT_THE_FOLD = 13
    PARAMETERS_COME_BEFORE_THEIR_BARS = 14
    SIDES_ARE_WHOLE = 15


FIRST_FEED_REASON = 16


def _reasons(table: Table) -> dict[int, str]:
    own = {reason.value: reason.name.lower() for reason in Reason}
    return own | {number: rule.name for number, rule in enumerate(table.rules_of("error"), FIRST_FEED_REASON)}


# Of trades and corrections, and of quotes.
REASONS = _reasons(TICKS)
QUOTE_REASONS = _reasons(QUOTES)
