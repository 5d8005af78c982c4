"""Price bands, from bands.csv. Prices are unscaled at four decimals: 1 VND, and 1 point, is 10,000."""

from datetime import date

from spark_apps.errors import RuleViolated
from spark_apps.rules.dated import rows_in_force
from spark_apps.rules.ticks import tick_size


def price_band(exchange: str, kind: str, reference: int, day: date, *, is_first_day: bool = False) -> tuple[int, int]:
    """Give ceiling and floor of a day, unscaled, in integer arithmetic.

    The ceiling rounds down and the floor up, each to the tick of its own range, not of the reference's. Where
    rounding brings both back to the reference, they stand one tick beside it; a floor of 0 is the reference.
    `is_first_day`: first day of trading, or first after 25 sessions without; raises RuleViolated where not known.
    """
    row = rows_in_force("bands", day, exchange)[0]
    column = "first_day_percent" if is_first_day else "percent"
    if not row[column]:
        raise RuleViolated(
            f"rules/data/bands.csv: {column} of {exchange} on {day} is not known; add it with its source"
        )
    percent = int(row[column])
    highest, lowest = reference * (100 + percent) // 100, -(-reference * (100 - percent) // 100)
    step = tick_size(exchange, kind, highest, day)
    ceiling = highest // step * step
    step = tick_size(exchange, kind, lowest, day)
    floor = -(-lowest // step) * step
    if ceiling <= reference <= floor:
        step = tick_size(exchange, kind, reference, day)
        ceiling, floor = reference + step, reference - step
    return ceiling, floor if floor > 0 else reference
