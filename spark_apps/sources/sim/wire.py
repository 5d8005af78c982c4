"""What all messages of the simulated vendor share: when they are sent, how they say a time, what spoils them."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta, timezone
from math import ceil
from typing import NamedTuple

from spark_apps.rules.calendar import EXCHANGE_OFFSET_NS

SCHEMA_VERSION = 1
# What a seed gives: another number, other messages.
MARKET_VERSION = 2
SECOND = 1_000_000_000
EXCHANGE_ZONE = timezone(timedelta(microseconds=EXCHANGE_OFFSET_NS // 1000))
EPOCH = datetime(1970, 1, 1, tzinfo=EXCHANGE_ZONE) + timedelta(microseconds=EXCHANGE_OFFSET_NS // 1000)


class Message(NamedTuple):
    """State one message as sent; times are nanoseconds UTC.

    `source_seq` counts from 1 per symbol and session, books apart from trades and corrections.
    """

    channel: str
    symbol: str
    source_seq: int
    event_time: int
    sent_at: int
    payload: bytes


@dataclass(frozen=True)
class Dirt:
    """Give the share of trades, and of books, beside which each fault happens; above zero at least once a session.

    Of books only `books.FAULTS` happen. `out_of_order` and `late` send a true message 1 to 8 and 11 to 60 seconds after
    its time.
    """

    not_json: float = 0.0001
    bad_utf8: float = 0.0001
    wrong_type: float = 0.0001
    unknown_symbol: float = 0.0001
    off_tick: float = 0.0001
    outside_band: float = 0.0001
    negative_volume: float = 0.0001
    duplicate: float = 0.0005
    out_of_order: float = 0.002
    late: float = 0.0001
    yesterday: float = 0.0001
    next_year: float = 0.0001
    correction: float = 0.0005
    cancel: float = 0.0002

    def counts(self, trades: int) -> dict[str, int]:
        """Give how often each fault happens among so many trades."""
        return {name: ceil(rate * trades) for name, rate in asdict(self).items()}


SOME_DIRT = Dirt()
CLEAN = Dirt(**dict.fromkeys(asdict(SOME_DIRT), 0.0))


def places(counts: dict[str, int], free: list[int]) -> Iterator[tuple[int, str]]:
    """Deal each fault as many of the free places as it happens."""
    taken = iter(free)
    for fault, times in counts.items():
        for _, place in zip(range(times), taken, strict=False):
            yield place, fault


def exchange_text(time: int) -> str:
    """Say a time, nanoseconds UTC, on the exchange's clock: ISO 8601 to the microsecond."""
    return (EPOCH + timedelta(microseconds=time // 1000)).isoformat(timespec="microseconds")
