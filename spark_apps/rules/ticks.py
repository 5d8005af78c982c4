"""Price steps, from ticks.csv. Prices are unscaled at four decimals: 1 VND, and 1 point, is 10,000."""

from datetime import date
from decimal import Decimal
from functools import lru_cache

from spark_apps.rules.dated import rows_in_force

UNIT = 10_000


@lru_cache(maxsize=1024)
def tick_ladder(exchange: str, kind: str, day: date) -> tuple[tuple[int, int], ...]:
    """Give the steps of a kind of instrument on a day, from the highest range down: lowest price, tick."""
    rows = rows_in_force("ticks", day, exchange, kind)
    steps = ((int(Decimal(row["price_from"]) * UNIT), int(Decimal(row["tick_size"]) * UNIT)) for row in rows)
    return tuple(sorted(steps, reverse=True))


def tick_size(exchange: str, kind: str, price: int, day: date) -> int:
    """Give the tick of the range that a price lies in, unscaled; kind is share, etf, warrant or future."""
    ladder = tick_ladder(exchange, kind, day)
    return next((tick for lowest, tick in ladder if price >= lowest), ladder[-1][1])
