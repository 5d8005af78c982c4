"""Publish a session as a live feed would: raw bytes first, then what the fold reads, market clocks between. No pyspark.

The order of everything follows from the envelopes alone: a clock record of second T goes to every partition before
whatever arrives at T or later. So a feed that was killed goes on from the last clock that every partition holds;
what it sends again the fold calls duplicate.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby, pairwise
from typing import Any, TypeAlias

import numpy as np
import structlog

from spark_apps.errors import BadSetting, SchemaMismatch
from spark_apps.kernels.records import CLOCK, NO_TARGET, ClockFlag, Kind, Rows, decode, encode, encode_clock
from spark_apps.lake.kafka import Headers, Publisher, create_topics, end_offsets, fold_input, raw_topic, read_back
from spark_apps.settings import Kafka, Settings

logger = structlog.get_logger(__name__)

SECOND = 1_000_000_000
CHUNK = 4_000
LOOK_BACK = 2_000
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
) -> FeedReport:
    """Publish the messages of one session in order of arrival, or what is still missing of it.

    `entries_of` parses and judges: one ENTRY per envelope, verdict 0 or the number of the rule it breaks;
    it never raises and drops nothing. Raise ServiceFailed when the broker does not take everything.
    """
    kafka = settings.kafka
    create_topics(kafka)
    ends = hours.closes + (settings.live.lateness_seconds + 1) * SECOND
    resumed = _last_common_clock(kafka, hours.day)
    log = logger.bind(session_date=str(hours.session_date), factor=pace.factor)
    if resumed is not None:
        log.info("feed goes on", market_time=resumed, ended=resumed >= ends)
    out = _Out(Publisher(kafka), entries_of, hours, ends, kafka, pace.records_hold)
    if resumed is None or resumed < ends:
        begin = hours.opens if resumed is None else resumed
        moments = (moment for moment in _timeline(envelopes, hours.opens, ends) if moment[0] >= begin)
        for chunk in _due(moments, begin, pace):
            out.publish(chunk)
        out.publisher.deliver()
    log.info("feed ends", messages=out.messages, refused=out.refused, clocks=out.clocks)
    return FeedReport(out.messages, out.refused, out.clocks, resumed)


Moment = tuple[int, Envelope | None]


def _timeline(envelopes: Iterable[Envelope], opens: int, ends: int) -> Iterator[Moment]:
    """Give (arrival, envelope) in order, and (second, None) for each market second from opens to ends."""
    clock = arrived = opens
    for envelope in envelopes:
        arrived = max(arrived, envelope.received_at)
        while clock <= min(arrived, ends):
            yield clock, None
            clock += SECOND
        yield arrived, envelope
    while clock <= ends:
        yield clock, None
        clock += SECOND


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
    hours: Hours
    ends: int
    kafka: Kafka
    records_hold: int
    messages: int = 0
    refused: int = 0
    clocks: int = 0

    def publish(self, chunk: list[Moment]) -> None:
        """Deliver the raw bytes of a chunk, then send its entries and clocks to fold_input."""
        envelopes = [envelope for _, envelope in chunk if envelope is not None]
        for envelope in envelopes:
            topic, partition = raw_topic(envelope.source, self.kafka), envelope.source_seq % self.kafka.partitions
            if envelope.source not in self.kafka.sources:
                raise BadSetting(f"kafka.sources lacks {envelope.source!r}: name it there, so that its topic is made")
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
        for is_clock, moments in groupby(chunk, key=lambda moment: moment[1] is None):
            run = list(moments)
            if is_clock:
                for when, _ in run:
                    self._send_clock(when)
            else:
                self._send_entries(entries[place : place + len(run)])
                place += len(run)

    def _send_clock(self, when: int) -> None:
        flags = ClockFlag.OPENS * (when == self.hours.opens) | ClockFlag.ENDS * (when == self.ends)
        record = encode_clock(when, self.hours.day, ClockFlag(flags))
        for partition in range(self.kafka.partitions):
            self.publisher.send(fold_input(self.kafka), record, partition)
        self.clocks += 1

    def _send_entries(self, entries: Rows) -> None:
        """Send entries in order, each to the partition of its instrument, many in a record where that is allowed."""
        partitions = entries["instrument_id"] % self.kafka.partitions
        for partition in np.unique(partitions).tolist():
            here = entries[partitions == partition]
            is_correction = here["corrects_seq"] != NO_TARGET
            borders = {0, len(here), *(np.flatnonzero(np.diff(is_correction)) + 1).tolist()}
            borders |= set(range(0, len(here), self.records_hold))
            cuts = sorted(borders)
            for start, end in pairwise(cuts):
                kind = Kind.CORRECTION if is_correction[start] else Kind.TRADE
                self.publisher.send(fold_input(self.kafka), encode(kind, here[start:end]), partition)


def headers_of(envelope: Envelope) -> Headers:
    """Write the envelope's fields as headers of its raw record: UTF-8 text, in order of declaration."""
    names = ("source", "channel", "source_seq", "event_time", "received_at", "encoding", "schema_version")
    return [(name, str(getattr(envelope, name)).encode()) for name in names]


def _last_common_clock(kafka: Kafka, day: int) -> int | None:
    """Find the market time up to which every partition holds this session; None where one holds nothing of it."""
    topic = fold_input(kafka)
    clocks = [_last_clock(kafka, partition, end, day) for partition, end in end_offsets(kafka, [topic])[topic].items()]
    times = [clock for clock in clocks if clock is not None]
    return min(times) if len(times) == len(clocks) else None


def _last_clock(kafka: Kafka, partition: int, end: int, day: int) -> int | None:
    """Read one partition of fold_input backwards to its last clock; give its time if it is of this session."""
    while end > 0:
        start = max(0, end - LOOK_BACK)
        for record in reversed(read_back(kafka, fold_input(kafka), partition, start, end)):
            if record.value[:1] == bytes([Kind.CLOCK]) and len(record.value) == 8 + CLOCK.itemsize:
                clock = decode(record.value)[1][0]
                return int(clock["market_time"]) if clock["session_date"] == day else None
        end = start
    return None
