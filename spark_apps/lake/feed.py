"""Publish a session as a live feed would: raw bytes first, then what the fold reads, market clocks between. No pyspark.

The order of everything follows from the envelopes alone: a clock record of second T goes to every partition before
whatever arrives at T or later, and the clock that ends the session is the last of all. So a feed that was killed goes
on from the last clock that every partition holds; what it sends again the fold calls duplicate.

Topics have one feed at a time, and a session has one source: the clock that ends it ends it for all.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import chain

import structlog

from spark_apps.errors import BadSetting
from spark_apps.kernels.layouts import ClockFlag, Rows
from spark_apps.kernels.strategies import book_bytes
from spark_apps.lake.feed_content import Content
from spark_apps.lake.feed_output import Envelope, FeedOutput, Moment, Opening
from spark_apps.lake.feed_place import find_place, refuse_other_source
from spark_apps.lake.kafka import Publisher, create_topics, fold_input
from spark_apps.lake.lease import alone
from spark_apps.settings import Kafka, Settings

logger = structlog.get_logger(__name__)

SECOND = 1_000_000_000
HALF_DAY = 43_200 * SECOND
CHUNK = 4_000
TRADES_PER_RECORD = 500
REST = 0.01


@dataclass(frozen=True)
class Hours:
    """Name a session: its date, and when its feed begins and ends, nanoseconds UTC, whole seconds."""

    session_date: date
    opens: int
    closes: int

    @property
    def day(self) -> int:
        """Give the session's date as the wire writes it: days since 1970."""
        return (self.session_date - date(1970, 1, 1)).days


@dataclass(frozen=True)
class Pace:
    """Say how fast market time passes: `factor` seconds of it in one of ours; 0 is as fast as possible."""

    factor: float = 0
    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep

    @property
    def records_hold(self) -> int:
        """Give how many trades one record may carry: one when paced, so that none waits for another."""
        return 1 if self.factor else TRADES_PER_RECORD


AS_FAST_AS_POSSIBLE = Pace()


@dataclass(frozen=True)
class FeedReport:
    """Count what was published; `resumed_at` is the market time from which an interrupted session went on."""

    messages: int
    refused: int
    clocks: int
    resumed_at: int | None


def publish_session(
    envelopes: Iterable[Envelope],
    entries_of: Callable[[Sequence[Envelope]], Rows],
    hours: Hours,
    settings: Settings,
    pace: Pace = AS_FAST_AS_POSSIBLE,
    seeds: Mapping[int, bytes] | None = None,
) -> FeedReport:
    """Publish the messages of one session in order of arrival, or what is still missing of it.

    `entries_of` parses and judges messages that are all quotes, or none: one QUOTE or ENTRY per envelope, verdict 0 or
    the number of the rule it breaks; it never raises and drops nothing. `seeds` are the states that instruments open
    the session from: with the books of strategies that are in force in it they follow the clock that opens it. Raise
    ServiceFailed when the broker does not take everything or another feed is at work, StateMismatch where another
    source's feed began this session, or where it ended with other messages.
    """
    kafka = settings.kafka
    log = logger.bind(session_date=str(hours.session_date), factor=pace.factor)
    with alone(f"feed_{kafka.prefix}", settings, fold_input(kafka)):
        source, envelopes = _source_of(envelopes, kafka)
        create_topics(kafka)
        place = find_place(kafka, hours.day)
        session = f"session {hours.session_date} of {fold_input(kafka)}"
        refuse_other_source(source, place, session)
        content = Content(envelopes)
        if place.clock is not None:
            log.info("feed goes on", market_time=place.clock, ended=place.has_ended)
        newest = max(place.newest, hours.day)
        opening = Opening(_books(settings, hours), seeds or {})
        out = FeedOutput(
            Publisher(kafka), entries_of, hours.day, source, newest, kafka, pace.records_hold, opening, content
        )
        if place.has_ended:
            content.refuse_change(place.content, session)
        else:
            ends = hours.closes + (settings.live.lateness_seconds + 1) * SECOND
            begin = hours.opens if place.clock is None else min(place.clock, ends)
            moments = (moment for moment in _timeline(content, hours.opens, ends) if moment[0] >= begin)
            for chunk in _due(moments, begin, pace):
                out.publish(chunk)
            out.publisher.deliver()
    log.info("feed ends", messages=out.messages, refused=out.refused, clocks=out.clocks)
    return FeedReport(out.messages, out.refused, out.clocks, place.clock)


def _source_of(envelopes: Iterable[Envelope], kafka: Kafka) -> tuple[str, Iterable[Envelope]]:
    """Give the source that the first envelope names, empty where there is none, and all envelopes."""
    rest = iter(envelopes)
    first = next(rest, None)
    if first is None:
        return "", ()
    if first.source not in kafka.sources:
        raise BadSetting(f"kafka.sources lacks {first.source!r}: name it there, so that its topic is made")
    return first.source, chain([first], rest)


def _books(settings: Settings, hours: Hours) -> list[bytes]:
    """Give the book of each kind in force as the session's day begins, and those that follow within it.

    A bar may lie outside the feed's hours, but not half a day from them.
    """
    first, last = hours.opens - HALF_DAY, hours.closes + HALF_DAY
    chosen = list[bytes]()
    for held in (settings.strategies, settings.cross_strategies):
        books = [each.book for each in held]
        begun = [book for book in books if book.begins <= first]
        chosen += [book_bytes(book) for book in (*begun[-1:], *(one for one in books if first < one.begins <= last))]
    return chosen


def _timeline(envelopes: Iterable[Envelope], opens: int, ends: int) -> Iterator[Moment]:
    """Give (arrival, envelope) in order, and the clock of each market second; the one that ends comes last.

    The clock stands still at `ends` for whatever arrives after it.
    """
    clock = arrived = opens

    def ticks(until: int) -> Iterator[Moment]:
        nonlocal clock
        while clock <= until:
            yield clock, ClockFlag.OPENS if clock == opens else ClockFlag.NONE
            clock += SECOND

    for envelope in envelopes:
        arrived = max(arrived, envelope.received_at)
        yield from ticks(min(arrived, ends))
        yield arrived, envelope
    yield from ticks(ends - SECOND)
    yield ends, ClockFlag.ENDS


def _due(moments: Iterable[Moment], begin: int, pace: Pace) -> Iterator[list[Moment]]:
    """Cut the timeline into what is due at once, and wait for the rest where the feed is paced."""
    started, chunk = pace.now(), list[Moment]()
    for moment in moments:
        if pace.factor:
            ahead = (moment[0] - begin) / SECOND / pace.factor - (pace.now() - started)
            if ahead > 0:
                if chunk:
                    yield chunk
                    chunk = []
                pace.sleep(max(ahead, REST))
        chunk.append(moment)
        if len(chunk) >= CHUNK:
            yield chunk
            chunk = []
    if chunk:
        yield chunk
