"""The trades of the live benches: 400 instruments, evenly spread over time, in a layout of their own."""

from collections.abc import Iterator, Sequence
from datetime import date
from random import Random

import numpy as np

from spark_apps.kernels.layouts import ENTRY, NO_TARGET, Rows
from spark_apps.lake.feed import SECOND, Hours
from spark_apps.sources.envelope import Envelope

FACTOR, RATE, INSTRUMENTS = 60, 1_000, 400
DAY = date(2026, 11, 20)
OPENS = (DAY - date(1970, 1, 1)).days * 86_400 * SECOND + 2 * 3_600 * SECOND
TRADE = np.dtype([("instrument", "<i4"), ("seq", "<i8"), ("event", "<i8"), ("price", "<i8"), ("quantity", "<i8")])


def hours_of(seconds: int) -> Hours:
    """Give a session that lasts so many of our seconds."""
    return Hours(DAY, OPENS, OPENS + seconds * FACTOR * SECOND)


def envelopes(seconds: int, seed: int) -> Iterator[Envelope]:
    """Yield trades evenly spread over time; one in five comes up to 10 of our seconds late and may revise its bar."""
    random, seqs = Random(seed), [0] * INSTRUMENTS
    step = FACTOR * SECOND // RATE
    for number in range(seconds * RATE):
        arrives = OPENS + number * step
        instrument = random.randrange(INSTRUMENTS)
        seqs[instrument] += 1
        late = random.randrange(9 * FACTOR * SECOND) if random.random() < 0.2 else 0
        event = max(OPENS, arrives - late)
        row = (instrument + 1, seqs[instrument], event, random.randrange(10_000, 20_000) * 10_000, 100)
        payload = np.array(row, TRADE).tobytes()
        yield Envelope("sim", "trade", seqs[instrument], event, arrives, "binary", 1, payload)


def entries_of(messages: Sequence[Envelope]) -> Rows:
    """Parse the trades of this bench."""
    trades = np.frombuffer(b"".join(one.payload for one in messages), TRADE)
    entries = np.zeros(len(trades), ENTRY)
    entries["instrument_id"], entries["source_seq"] = trades["instrument"], trades["seq"]
    entries["event_time"], entries["price"], entries["quantity"] = trades["event"], trades["price"], trades["quantity"]
    entries["session_date"], entries["source"], entries["corrects_seq"] = (DAY - date(1970, 1, 1)).days, 1, NO_TARGET
    return entries
