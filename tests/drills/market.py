"""A small market for drills: a session of messages from a seed, and what must become of each.

Messages carry trades of a few instruments with short lateness, corrections, repeated, late, refused and unreadable
ones. `expected` folds them again by plain counting from the seed alone, so a drill never trusts what it checks.
"""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from random import Random

import numpy as np

from spark_apps.kernels.records import ENTRY, NO_TARGET, Reason, Rows
from spark_apps.lake.feed import Hours
from spark_apps.sources.envelope import Envelope

SECOND = 1_000_000_000
MONDAY = date(2026, 11, 16)
SOURCE = "sim"


@dataclass(frozen=True)
class DrillMarket:
    """Say how much happens: `messages` trades of `instruments` within `minutes` of one session."""

    seed: int
    messages: int = 3_000
    instruments: int = 8
    minutes: int = 5
    day: int = 0

    @property
    def hours(self) -> Hours:
        """Give the session: its date, opening and close."""
        session = MONDAY + timedelta(days=self.day)
        opens = (session - date(1970, 1, 1)).days * 86_400 * SECOND + 2 * 3600 * SECOND
        return Hours(session, opens, opens + self.minutes * 60 * SECOND)

    def envelopes(self) -> list[Envelope]:
        """Give the messages in order of arrival; the same seed gives the same bytes."""
        random, hours, arrivals = Random(self.seed * 1000 + self.day), self.hours, []
        seqs: Counter[int] = Counter()
        for _ in range(self.messages):
            instrument = random.randrange(1, self.instruments + 1)
            seqs[instrument] += 1
            event = hours.opens + random.randrange(hours.closes - hours.opens)
            late = random.choice((0, 0, 0, 1, 5, 9)) * SECOND + random.randrange(SECOND)
            arrivals += self._fates(random, instrument, seqs, event, event + late)
        return sorted(arrivals, key=lambda envelope: envelope.received_at)

    def _fates(self, random: Random, instrument: int, seqs: Counter[int], event: int, arrives: int) -> list[Envelope]:
        """Give the messages of one trade: itself as it is or spoilt, perhaps again, perhaps corrected."""
        trade = {"i": instrument, "p": random.randrange(100, 200) * 100, "q": random.randrange(1, 50) * 100}
        fate = random.random()
        if fate < 0.02:
            trade["p"] = 0
        elif fate < 0.03:
            arrives = event + (60 + random.randrange(60)) * SECOND
        one = _envelope(seqs[instrument], event, arrives, trade)
        if 0.03 <= fate < 0.04:
            return [replace(one, payload=b"\xff\xfe not a trade")]
        if 0.04 <= fate < 0.06:
            return [one, replace(one, received_at=arrives + 2 * SECOND)]
        if 0.06 <= fate < 0.08:
            target = seqs[instrument]
            seqs[instrument] += 1
            better = trade | {"p": trade["p"] + 100, "c": target, "q": random.choice((0, trade["q"]))}
            return [one, _envelope(seqs[instrument], event, arrives + 3 * SECOND, better)]
        return [one]


def _envelope(seq: int, event: int, arrives: int, trade: dict[str, int]) -> Envelope:
    channel = "correction" if "c" in trade else "trade"
    payload = json.dumps(trade, sort_keys=True).encode()
    return Envelope(SOURCE, channel, seq, event, arrives, "json", 1, payload)


def entries_of(envelopes: Sequence[Envelope]) -> Rows:
    """Parse drill messages: one ENTRY each, with a verdict where the payload is no JSON."""
    entries = np.zeros(len(envelopes), ENTRY)
    for entry, envelope in zip(entries, envelopes, strict=True):
        day = envelope.event_time // (86_400 * SECOND)
        try:
            trade = json.loads(envelope.payload)
        except ValueError:
            trade = {"i": 0, "p": 0, "q": 0, "c": NO_TARGET, "v": Reason.RECORD_IS_READABLE}
        entry["instrument_id"], entry["session_date"], entry["source"] = trade["i"], day, 1
        entry["verdict"], entry["source_seq"] = trade.get("v", 0), envelope.source_seq
        entry["corrects_seq"], entry["event_time"] = trade.get("c", NO_TARGET), envelope.event_time
        entry["price"], entry["quantity"] = trade["p"] * 10_000, trade["q"]
    return entries


@dataclass
class Expected:
    """Hold what must become of a session: bars by (instrument, start), and how many messages went where."""

    bars: dict[tuple[int, int], tuple[int, int, int, int, int, int]]
    accepted: int = 0
    refused: int = 0
    late: int = 0
    duplicate: int = 0


def expected(market: DrillMarket, lateness: int = 10, minute: int = 60 * SECOND) -> Expected:
    """Judge a session by plain counting, from its seed alone; bars are (open, high, low, close, volume, count)."""
    found, hours, seen = Expected({}), market.hours, set[tuple[int, int]]()
    kept: dict[tuple[int, int], tuple[int, int, int]] = {}
    for envelope in market.envelopes():
        arrived = max(envelope.received_at, hours.opens)
        ended = arrived >= hours.closes + (lateness + 1) * SECOND
        horizon = arrived // SECOND * SECOND - lateness * SECOND
        try:
            trade = json.loads(envelope.payload)
        except ValueError:
            trade = {"p": 0}
        if trade["p"] <= 0:
            found.refused += 1
            continue
        key = (trade["i"], envelope.source_seq)
        if key in seen:
            found.duplicate += 1
            continue
        seen.add(key)
        target = (trade["i"], trade.get("c", envelope.source_seq))
        if ended or envelope.event_time < horizon:
            found.late += 1
        elif target not in seen:
            found.refused += 1
        else:
            found.accepted += 1
            kept[target] = (envelope.event_time, trade["p"] * 10_000, trade["q"])
    for (instrument, _), (event, price, quantity) in sorted(kept.items(), key=lambda one: (one[1][0], one[0][1])):
        if quantity:
            place = (instrument, event // minute * minute)
            first, high, low, _, volume, count = found.bars.get(place, (price, price, price, price, 0, 0))
            found.bars[place] = (first, max(high, price), min(low, price), price, volume + quantity, count + 1)
    return found
