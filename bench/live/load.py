"""Load the topics directly, faster than a feed that parses: trades made in arrays, raw bytes first, clocks between."""

import time

import numpy as np

from bench.live.market import INSTRUMENTS, OPENS, hours_of
from spark_apps.kernels.layouts import ENTRY, HEADER, NO_TARGET, ClockFlag, Kind, Rows
from spark_apps.kernels.layouts import VERSION as LAYOUT
from spark_apps.kernels.records import encode_clock, encode_parameters
from spark_apps.kernels.strategies import book_bytes
from spark_apps.lake.feed import SECOND
from spark_apps.lake.kafka import Publisher, create_topics, fold_input, raw_topic
from spark_apps.settings import Settings

STEP = 0.02  # seconds between two loads of a paced run
DAYS = hours_of(0).day


class Load:
    """Hold what a load has sent so far: trades of one session, in one partition."""

    def __init__(self, settings: Settings, per_record: int) -> None:
        self.settings, self.per_record, self.sent, self.clock = settings, per_record, 0, 0
        self._random, self._seqs = np.random.default_rng(1), np.zeros(INSTRUMENTS + 1, np.int64)
        create_topics(settings.kafka)
        self._publisher = Publisher(settings.kafka, queue=1_000_000)
        self._say(encode_clock(OPENS, DAYS, ClockFlag.OPENS))
        for book in (*settings.strategies, *settings.cross_strategies):
            self._say(encode_parameters(DAYS, book_bytes(book.book)))

    def _say(self, record: bytes) -> None:
        self._publisher.send(fold_input(self.settings.kafka), record, 0)

    def trades(self, count: int, moment: int) -> Rows:
        """Make trades of one market moment; one in five is up to nine seconds late and may revise its bar."""
        made = np.zeros(count, ENTRY)
        ids = self._random.integers(1, INSTRUMENTS + 1, count).astype(np.int32)
        order = np.argsort(ids, kind="stable")
        _, first, counts = np.unique(ids[order], return_index=True, return_counts=True)
        place = np.empty(count, np.int64)
        place[order] = np.arange(count) - np.repeat(first, counts)
        late = (self._random.random(count) < 0.2) * self._random.integers(0, 9 * SECOND, count)
        made["instrument_id"], made["session_date"], made["source"] = ids, DAYS, 1
        made["source_seq"], made["corrects_seq"] = self._seqs[ids] + place + 1, NO_TARGET
        made["event_time"] = np.maximum(OPENS, moment - late)
        made["price"], made["quantity"] = self._random.integers(10_000, 20_000, count) * 10_000, 100
        self._seqs += np.bincount(ids, minlength=INSTRUMENTS + 1)
        return made

    def send(self, count: int, moment: int) -> None:
        """Send trades of one moment, and the clocks of the market seconds that have passed before it."""
        while OPENS + (self.clock + 1) * SECOND <= moment:
            self.clock += 1
            self._say(encode_clock(OPENS + self.clock * SECOND, DAYS))
        body, size = self.trades(count, moment).tobytes(), ENTRY.itemsize * self.per_record
        raw, entries = raw_topic("sim", self.settings.kafka), fold_input(self.settings.kafka)
        for start in range(0, len(body), size):
            part = body[start : start + size]
            self._publisher.send(raw, part, 0, None, [("source", b"sim"), ("channel", b"trade")])
            header = np.array((Kind.TRADE, LAYOUT, 0, len(part)), HEADER).tobytes()
            self._publisher.send(entries, header + part, 0)
        self.sent += count

    def fill(self, count: int, rate: int) -> None:
        """Send as fast as the broker takes them, `rate` trades for each market second."""
        for place in range(0, count, rate):
            self.send(min(rate, count - place), OPENS + place // rate * SECOND + SECOND // 2)
        self._publisher.deliver()

    def pace(self, rate: int, seconds: float) -> float:
        """Send `rate` trades a second for so long, market time as fast as ours; give the rate that was reached."""
        began = time.monotonic()
        while (elapsed := time.monotonic() - began) < seconds:
            due = int(elapsed * rate) - self.sent
            due -= due % self.per_record
            if due:
                self.send(due, OPENS + int(elapsed * SECOND))
            time.sleep(max(0.0, STEP - (time.monotonic() - began - elapsed)))
        self._publisher.deliver()
        return self.sent / (time.monotonic() - began)
