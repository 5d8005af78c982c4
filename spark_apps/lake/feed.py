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
from itertools import chain, groupby, pairwise
from typing import Any, TypeAlias

import numpy as np
import structlog

from spark_apps.errors import BadSetting, SchemaMismatch
from spark_apps.kernels.records import NO_TARGET, ClockFlag, Kind, Rows, encode, encode_clock, encode_seed
from spark_apps.lake.feed_content import Content
from spark_apps.lake.feed_place import clock_headers, find_place, refuse_other_source
from spark_apps.lake.kafka import Headers, Publisher, create_topics, fold_input, raw_topic
from spark_apps.lake.lease import alone
from spark_apps.settings import Kafka, Settings

logger = structlog.get_logger(__name__)

SECOND = 1_000_000_000
CHUNK = 4_000
TRADES_PER_RECORD = 500
REST = 0.01
# The frozen dataclass of sources/envelope.py, a room that this one does not import.
Envelope: TypeAlias = Any


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

    `entries_of` parses and judges: one ENTRY per envelope, verdict 0 or the number of the rule it breaks;
    it never raises and drops nothing. `seeds` are the states that instruments open the session from: they follow
    the clock that opens it. Raise ServiceFailed when the broker does not take everything or another feed
    is at work, StateMismatch where another source's feed began this session, or where it ended with other messages.
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
        out = _Out(Publisher(kafka), entries_of, hours.day, source, newest, kafka, pace, seeds or {}, content)
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


# (arrival, envelope) or (market second, flags of its clock record).
Moment = tuple[int, Envelope | ClockFlag]


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


@dataclass
class _Out:
    """Hold what one session needs to be sent, and count it."""

    publisher: Publisher
    entries_of: Callable[[Sequence[Envelope]], Rows]
    day: int
    source: str
    newest: int
    kafka: Kafka
    pace: Pace
    seeds: Mapping[int, bytes]
    content: Content
    messages: int = 0
    refused: int = 0
    clocks: int = 0

    def publish(self, chunk: list[Moment]) -> None:
        """Deliver the raw bytes of a chunk, then send its entries and clocks to fold_input."""
        envelopes = [envelope for _, envelope in chunk if not isinstance(envelope, ClockFlag)]
        for envelope in envelopes:
            if envelope.source != self.source:
                raise SchemaMismatch(
                    f"feed of {self.source!r}: a message of {envelope.source!r}; publish each source by itself"
                )
            topic, partition = raw_topic(self.source, self.kafka), envelope.source_seq % self.kafka.partitions
            self.publisher.send(topic, envelope.payload, partition, envelope.symbol or None, headers_of(envelope))
        self.publisher.deliver()
        entries = self.entries_of(envelopes)
        if len(entries) != len(envelopes):
            raise SchemaMismatch(
                f"feed: {len(entries)} entries for {len(envelopes)} messages; each needs one, good or bad"
            )
        self.messages += len(entries)
        self.refused += int(np.count_nonzero(entries["verdict"]))
        place = 0
        for is_clock, moments in groupby(chunk, key=lambda moment: isinstance(moment[1], ClockFlag)):
            run = list(moments)
            if is_clock:
                for when, flags in run:
                    self._send_clock(when, flags)
            else:
                self._send_entries(entries[place : place + len(run)])
                place += len(run)

    def _send_clock(self, when: int, flags: ClockFlag) -> None:
        content = str(self.content) if ClockFlag.ENDS in flags else None
        record, headers = encode_clock(when, self.day, flags), clock_headers(self.source, self.newest, content)
        for partition in range(self.kafka.partitions):
            self.publisher.send(fold_input(self.kafka), record, partition, headers=headers)
        self.clocks += 1
        for key, state in self.seeds.items() if ClockFlag.OPENS in flags else ():
            seed = encode_seed(key, self.day, state)
            self.publisher.send(fold_input(self.kafka), seed, key % self.kafka.partitions)

    def _send_entries(self, entries: Rows) -> None:
        """Send entries in order, each to the partition of its instrument, many in a record where that is allowed."""
        partitions = entries["instrument_id"] % self.kafka.partitions
        for partition in np.unique(partitions).tolist():
            here = entries[partitions == partition]
            is_correction = here["corrects_seq"] != NO_TARGET
            borders = {0, len(here), *(np.flatnonzero(np.diff(is_correction)) + 1).tolist()}
            borders |= set(range(0, len(here), self.pace.records_hold))
            cuts = sorted(borders)
            for start, end in pairwise(cuts):
                kind = Kind.CORRECTION if is_correction[start] else Kind.TRADE
                self.publisher.send(fold_input(self.kafka), encode(kind, here[start:end]), partition)


def headers_of(envelope: Envelope) -> Headers:
    """Write the envelope's fields as headers of its raw record: UTF-8 text, in order of declaration."""
    names = ("source", "channel", "source_seq", "event_time", "received_at", "encoding", "schema_version")
    return [(name, str(getattr(envelope, name)).encode()) for name in names]
