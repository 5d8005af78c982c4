"""What a feed sends: raw bytes first, then what the fold reads; what opens a session behind its clock. No pyspark."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from spark_apps.errors import SchemaMismatch
from spark_apps.kernels.layouts import ENTRY, NO_TARGET, QUOTE, ClockFlag, Kind, Rows
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
        entries = self._judged([one for one in envelopes if not is_quote(one)], ENTRY)
        quotes = self._judged([one for one in envelopes if is_quote(one)], QUOTE)
        for is_clock, moments in groupby(chunk, key=lambda moment: isinstance(moment[1], ClockFlag)):
            run = list(moments)
            if is_clock:
                for when, flags in run:
                    self._send_clock(when, flags)
            else:
                count = sum(is_quote(envelope) for _, envelope in run)
                self._send_entries(entries[: len(run) - count])
                self._send_quotes(quotes[:count])
                entries, quotes = entries[len(run) - count :], quotes[count:]

    def _judged(self, envelopes: list[Envelope], layout: np.dtype[Any]) -> Rows:
        if not envelopes:
            return np.zeros(0, layout)
        entries = self.entries_of(envelopes)
        if len(entries) != len(envelopes):
            raise SchemaMismatch(
                f"feed: {len(entries)} entries for {len(envelopes)} messages; each needs one, good or bad"
            )
        self.messages += len(entries)
        self.refused += int(np.count_nonzero(entries["verdict"]))
        return entries

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
            changes = (np.flatnonzero(np.diff(is_correction)) + 1).tolist()
            for start, end in self._cuts(len(here), changes):
                kind = Kind.CORRECTION if is_correction[start] else Kind.TRADE
                self.publisher.send(fold_input(self.kafka), encode(kind, here[start:end]), partition)

    def _send_quotes(self, quotes: Rows) -> None:
        """Send quotes behind the trades of their moment; the fold puts both in order of time."""
        partitions = quotes["instrument_id"] % self.kafka.partitions
        for partition in np.unique(partitions).tolist():
            here = quotes[partitions == partition]
            for start, end in self._cuts(len(here)):
                self.publisher.send(fold_input(self.kafka), encode(Kind.QUOTE, here[start:end]), partition)

    def _cuts(self, size: int, also: Iterable[int] = ()) -> Iterable[tuple[int, int]]:
        """Cut rows into records, at the named places too."""
        return pairwise(sorted({0, size, *also, *range(0, size, self.trades_per_record)}))


def is_quote(envelope: Envelope) -> bool:
    """Say whether a message is about the book, not about trades."""
    return bool(envelope.channel == "quote")


def headers_of(envelope: Envelope) -> Headers:
    """Write the envelope's fields as headers of its raw record: UTF-8 text, in order of declaration."""
    names = ("source", "channel", "source_seq", "event_time", "received_at", "encoding", "schema_version")
    return [(name, str(getattr(envelope, name)).encode()) for name in names]
