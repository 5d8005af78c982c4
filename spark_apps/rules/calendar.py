"""When the exchanges trade: sessions by closures.csv, opening and closing times by phases.csv.

From 2015 to 2026 every weekday closure is listed; 2027 is provisional. Before 2015 a weekday is a session unless
it is among the closures that are known; before March 2002 the market traded three days a week, which no row says.
No session falls on a weekend, make-up working Saturdays included.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache

from spark_apps.rules.dated import dated_rows, rows_in_force

EPOCH = date(1970, 1, 1)
DAY_NS = 86_400_000_000_000
# Exchange time is UTC+7 all year round: Viet Nam has no daylight saving time.
EXCHANGE_OFFSET_NS = 7 * 3_600_000_000_000
ONE_DAY = timedelta(days=1)
SATURDAY = 5


@lru_cache(maxsize=8)
def closures(exchange: str = "") -> frozenset[date]:
    """Give every listed closure of all exchanges, and of one exchange alone where it is named."""
    days: set[date] = set()
    for row in dated_rows("closures"):
        if row["exchange"] in ("", exchange):
            first, last = date.fromisoformat(row["valid_from"]), date.fromisoformat(row["valid_to"])
            days.update(first + timedelta(days=offset) for offset in range((last - first).days + 1))
    return frozenset(days)


def is_session(day: date, exchange: str = "") -> bool:
    """Say whether some exchange trades on a day, or the one that is named."""
    return day.weekday() < SATURDAY and day not in closures(exchange)


def sessions(start: date, end: date) -> Iterator[date]:
    """Yield the sessions from start to end, both inclusive."""
    for offset in range((end - start).days + 1):
        day = start + timedelta(days=offset)
        if is_session(day):
            yield day


def previous_session(day: date) -> date:
    """Give the latest session before a day."""
    day -= ONE_DAY
    while not is_session(day):
        day -= ONE_DAY
    return day


def next_session(day: date) -> date:
    """Give the earliest session after a day."""
    day += ONE_DAY
    while not is_session(day):
        day += ONE_DAY
    return day


def exchange_date(time_ns: int) -> date:
    """Give the exchange-time date of a moment, nanoseconds since 1970 UTC; OverflowError beyond the year 9999."""
    return EPOCH + timedelta(days=(time_ns + EXCHANGE_OFFSET_NS) // DAY_NS)


def exchange_time(time_ns: int) -> str:
    """Write a moment, nanoseconds since 1970 UTC, as date and clock of the exchanges, to the millisecond."""
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=(time_ns + EXCHANGE_OFFSET_NS) // 1_000)
    return moment.replace(tzinfo=None).isoformat(" ", "milliseconds")


def session_of(event_time_ns: int) -> date | None:
    """Give the session of a moment: its exchange-time date, None when the exchanges are closed on it."""
    return _session_on((event_time_ns + EXCHANGE_OFFSET_NS) // DAY_NS)


@lru_cache(maxsize=4096)
def _session_on(day_number: int) -> date | None:
    try:
        day = EPOCH + timedelta(days=day_number)
    except OverflowError:
        return None
    return day if is_session(day) else None


def at(day: date, clock: str) -> int:
    """Turn a day and an exchange-time clock reading such as 14:45 into nanoseconds since 1970 UTC."""
    reading = time.fromisoformat(clock)
    seconds = (reading.hour * 60 + reading.minute) * 60 + reading.second
    nanoseconds = seconds * 1_000_000_000 + reading.microsecond * 1000
    return (day - EPOCH).days * DAY_NS + nanoseconds - EXCHANGE_OFFSET_NS


def phases(exchange: str, day: date) -> tuple[tuple[str, int, int], ...]:
    """Give an exchange's phases on a day in order: name, start inclusive, end exclusive, nanoseconds UTC.

    A day before any row raises RuleViolated.
    """
    rows = rows_in_force("phases", day, exchange)
    return tuple((row["phase"], at(day, row["opens_at"]), at(day, row["closes_at"])) for row in rows)


def first_day_with_phases() -> date:
    """Give the first day on which the phases of every exchange are known."""
    begins: dict[str, date] = {}
    for row in dated_rows("phases"):
        begin = date.fromisoformat(row["valid_from"])
        begins[row["exchange"]] = min(begin, begins.get(row["exchange"], begin))
    return max(begins.values())


def session_opens_at(exchange: str, day: date) -> int:
    """Give the start of an exchange's first phase, nanoseconds UTC."""
    return phases(exchange, day)[0][1]


def session_closes_at(exchange: str, day: date) -> int:
    """Give the end of an exchange's last phase, nanoseconds UTC."""
    return phases(exchange, day)[-1][2]
