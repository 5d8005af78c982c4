"""Where a session stands in fold_input, by its clock records read backwards. No pyspark.

A clock says in its headers which source's feed sent it, and the newest session that was published up to it. So the
search ends at the first clock that no record of the wanted session can lie before, whatever order sessions came in.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from spark_apps.errors import StateMismatch
from spark_apps.kernels.layouts import CLOCK, HEADER, ClockFlag, Kind
from spark_apps.kernels.records import decode
from spark_apps.lake.kafka import Headers, end_offsets, fold_input, read_back
from spark_apps.settings import Kafka

LOOK_BACK = 2_000
MOST_AT_ONCE = 100_000
# What a clock without headers may have before it: anything.
ANY_SESSION = 1 << 31


@dataclass(frozen=True)
class Place:
    """Say how far a session is published.

    `source` is whose feed began it, None where nobody says; `clock` the market time up to which every partition holds
    it, None where one holds nothing; `newest` the newest session in the topic, days since 1970; `content` what the feed
    had been given when the session ended.
    """

    source: str | None
    clock: int | None
    has_ended: bool
    newest: int
    content: str | None = None


@dataclass(frozen=True)
class _Tick:
    """Hold one clock record."""

    market_time: int
    session: int
    is_end: bool
    source: str | None
    newest: int
    content: str | None


def clock_headers(source: str, newest: int, content: str | None = None) -> Headers:
    """Write what the headers of a clock record say; `content` is said by the one that ends the session."""
    ending: Headers = [("content", content.encode())] if content else []
    return [("source", source.encode()), ("newest_session", str(newest).encode()), *ending]


def find_place(kafka: Kafka, day: int) -> Place:
    """Look for a session in every partition of fold_input."""
    ends = end_offsets(kafka, [fold_input(kafka)])[fold_input(kafka)]
    found = [_look_back(kafka, partition, end, day) for partition, end in ends.items()]
    ticks = [tick for tick, _ in found if tick is not None]
    is_begun = len(ticks) == len(found)
    return Place(
        source=ticks[0].source if ticks else None,
        clock=min(tick.market_time for tick in ticks) if is_begun else None,
        has_ended=is_begun and all(tick.is_end for tick in ticks),
        newest=max(newest for _, newest in found),
        content=ticks[0].content if ticks else None,
    )


def _look_back(kafka: Kafka, partition: int, end: int, day: int) -> tuple[_Tick | None, int]:
    """Give the last clock of a session in one partition, and the newest session there."""
    newest = 0
    for tick in _ticks_back(kafka, partition, end):
        newest = max(newest, tick.session, 0 if tick.newest == ANY_SESSION else tick.newest)
        if tick.session == day:
            return tick, newest
        if tick.newest < day:
            break
    return None, newest


def _ticks_back(kafka: Kafka, partition: int, end: int) -> Iterator[_Tick]:
    """Read the clocks of one partition of fold_input, the last one first, in steps that grow."""
    step = LOOK_BACK
    while end > 0:
        start = max(0, end - step)
        for record in reversed(read_back(kafka, fold_input(kafka), partition, start, end)):
            if record.value[:1] == bytes([Kind.CLOCK]) and len(record.value) == HEADER.itemsize + CLOCK.itemsize:
                market_time, session, flags = decode(record.value)[1][0].item()
                said = dict(record.headers)
                source = said["source"].decode() if "source" in said else None
                newest = int(said.get("newest_session", ANY_SESSION))
                content = said["content"].decode() if "content" in said else None
                yield _Tick(market_time, session, bool(flags & ClockFlag.ENDS), source, newest, content)
        end, step = start, min(2 * step, MOST_AT_ONCE)


def refuse_other_source(source: str, place: Place, session: str) -> None:
    """Refuse messages for a session of another source: its clock has passed or will pass them over."""
    if source and place.source not in (None, source):
        raise StateMismatch(
            f"{session} was {'ended' if place.has_ended else 'begun'} by the feed of {place.source!r}, and {source!r}"
            f" cannot follow it there: nothing was published. Give {source!r} topics and a lake of its own"
            " (TAYHO_KAFKA__PREFIX, TAYHO_LAKE_ROOT)"
        )
