"""What a feed sends: raw bytes first, then what the fold reads; what opens a session behind its clock. No pyspark."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from spark_apps.errors import SchemaMismatch
from spark_apps.kernels.layouts import NO_TARGET, ClockFlag, Kind, Rows
from spark_apps.kernels.records import encode, encode_clock, encode_parameters, encode_seed
from spark_apps.lake.feed_content import Content
from spark_apps.lake.feed_place import clock_headers
from spark_apps.lake.kafka import Headers, Publisher, fold_input, raw_topic
from spark_apps.settings import Kafka

# The frozen dataclass of sources/envelope.py, a room that this one does not import.
Envelope: TypeAlias = Any
# (arrival, envelope) or (market second, flags of its clock record).
Moment: TypeAlias = tuple[int, Envelope | ClockFlag]


class Opening(NamedTuple):
    """Hold what follows the clock that opens a session: books for all partitions, states by instrument."""

    books: list[bytes]
    seeds: Mapping[int, bytes]


@dataclass
class FeedOutput:
    """Hold what one session needs to be sent, and count it."""

    publisher: Publisher
    entries_of: Callable[[Sequence[Envelope]], Rows]
    day: int
    source: str
    newest: int
    kafka: Kafka
    trades_per_record: int
    opening: Opening
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
        self._send_to_all(encode_clock(when, self.day, flags), clock_headers(self.source, self.newest, content))
        self.clocks += 1
        if ClockFlag.OPENS in flags:
            for book in self.opening.books:
                self._send_to_all(encode_parameters(self.day, book))
            for key, state in self.opening.seeds.items():
                seed = encode_seed(key, self.day, state)
                self.publisher.send(fold_input(self.kafka), seed, key % self.kafka.partitions)

    def _send_to_all(self, record: bytes, headers: Headers | None = None) -> None:
        for partition in range(self.kafka.partitions):
            self.publisher.send(fold_input(self.kafka), record, partition, headers=headers)

    def _send_entries(self, entries: Rows) -> None:
        """Send entries in order, each to the partition of its instrument, many in a record where that is allowed."""
        partitions = entries["instrument_id"] % self.kafka.partitions
        for partition in np.unique(partitions).tolist():
            here = entries[partitions == partition]
            is_correction = here["corrects_seq"] != NO_TARGET
            borders = {0, len(here), *(np.flatnonzero(np.diff(is_correction)) + 1).tolist()}
            borders |= set(range(0, len(here), self.trades_per_record))
            cuts = sorted(borders)
            for start, end in pairwise(cuts):
                kind = Kind.CORRECTION if is_correction[start] else Kind.TRADE
                self.publisher.send(fold_input(self.kafka), encode(kind, here[start:end]), partition)


def headers_of(envelope: Envelope) -> Headers:
    """Write the envelope's fields as headers of its raw record: UTF-8 text, in order of declaration."""
    names = ("source", "channel", "source_seq", "event_time", "received_at", "encoding", "schema_version")
    return [(name, str(getattr(envelope, name)).encode()) for name in names]
