"""A small market for drills: a session of the simulated vendor's messages from a seed, and what must become of each.

Messages carry trades of a few instruments with short lateness, corrections, repeated, late, refused and unreadable
ones, and quotes where a market has them, in the format that sources.sim reads. `expected` folds the trades again by
plain counting from the seed alone, so a drill never trusts what it checks.
"""

import json
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any

from spark_apps.lake.feed import Hours
from spark_apps.rules.instruments import simulated_instruments
from spark_apps.sources.admit import entries_of
from spark_apps.sources.envelope import Envelope
from spark_apps.sources.registry import check

__all__ = ["DrillMarket", "Expected", "entries_of", "expected"]

SECOND = 1_000_000_000
MICROSECOND = 1_000
UNIT = 10_000
MONDAY = date(2026, 11, 16)
SOURCE, VERSION = "sim", 1
LIMITS = {"side": "buy", "ceiling": 20_000, "floor": 10_000, "tick": 50, "lot": 100}


@dataclass(frozen=True)
class DrillMarket:
    """Say how much happens: `messages` trades and `quotes` of `instruments` within `minutes` of one session."""

    seed: int
    messages: int = 3_000
    instruments: int = 8
    minutes: int = 5
    day: int = 0
    quotes: int = 0

    @property
    def hours(self) -> Hours:
        """Give the session: its date, opening and close."""
        session = MONDAY + timedelta(days=self.day)
        opens = (session - date(1970, 1, 1)).days * 86_400 * SECOND + 2 * 3600 * SECOND
        return Hours(session, opens, opens + self.minutes * 60 * SECOND)

    def envelopes(self) -> list[Envelope]:
        """Give the messages in order of arrival; the same seed gives the same bytes."""
        random, hours, arrivals = Random(self.seed * 1000 + self.day), self.hours, []
        seqs: Counter[str] = Counter()
        symbols = [instrument.symbol for instrument in simulated_instruments()[: self.instruments]]
        for _ in range(self.messages):
            symbol = random.choice(symbols)
            event = hours.opens + random.randrange((hours.closes - hours.opens) // MICROSECOND) * MICROSECOND
            late = random.choice((0, 0, 0, 1, 5, 9)) * SECOND + random.randrange(SECOND)
            arrivals += self._fates(random, symbol, seqs, event, event + late)
        arrivals += [one for number in range(self.quotes) for one in self._books(random, symbols, number)]
        return sorted(arrivals, key=lambda envelope: envelope.received_at)

    def _books(self, random: Random, symbols: list[str], number: int) -> list[Envelope]:
        """Give the messages of one quote: itself, late, with one side or spoilt, perhaps again."""
        hours, price = self.hours, random.randrange(100, 199) * 100
        event = hours.opens + random.randrange((hours.closes - hours.opens) // SECOND) * SECOND
        arrives = event + random.choices((0, 1, 5, 9, 60), (60, 10, 10, 17, 3))[0] * SECOND + random.randrange(SECOND)
        sides = {name: [[price + step, 100 * random.randrange(1, 50)]] for name, step in (("bids", -50), ("asks", 50))}
        fate = random.random()
        if fate < 0.1:
            sides[random.choice(("bids", "asks"))] = []
        elif fate < 0.13:
            sides["bids"] = [[0, 100]]
        book = {"symbol": random.choice(symbols), "seq": number, "time": _iso(event), **sides}
        one = _envelope(event, arrives, book, "quote")
        return [one, replace(one, received_at=arrives + SECOND)] if fate > 0.97 else [one]

    def _fates(self, random: Random, symbol: str, seqs: Counter[str], event: int, arrives: int) -> list[Envelope]:
        """Give the messages of one trade: itself as it is or spoilt, perhaps again, perhaps corrected."""
        seqs[symbol] += 1
        trade: dict[str, Any] = {"symbol": symbol, "price": random.randrange(100, 199) * 100, "seq": seqs[symbol]}
        trade |= {"volume": random.randrange(1, 50) * 100, "time": _iso(event), **LIMITS}
        fate = random.random()
        if fate < 0.02:
            trade["price"] = 0
        elif fate < 0.03:
            arrives = event + (60 + random.randrange(60)) * SECOND
        one = _envelope(event, arrives, trade)
        if 0.03 <= fate < 0.04:
            return [replace(one, payload=b"\xff\xfe not a trade")]
        if 0.04 <= fate < 0.06:
            return [one, replace(one, received_at=arrives + 2 * SECOND)]
        if 0.06 <= fate < 0.08:
            seqs[symbol] += 1
            better = trade | {"price": trade["price"] + 100, "volume": random.choice((0, trade["volume"]))}
            better |= {"seq": seqs[symbol], "corrects": trade["seq"]}
            return [one, _envelope(event, arrives + 3 * SECOND, better, "correction")]
        return [one]


def _iso(time: int) -> str:
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=time // MICROSECOND)).isoformat()


def _envelope(event: int, arrives: int, said: dict[str, Any], channel: str = "trade") -> Envelope:
    check(SOURCE, channel, VERSION, said)
    payload = json.dumps(said, sort_keys=True).encode()
    return Envelope(SOURCE, channel, said["seq"], event, arrives, "json", VERSION, payload, said["symbol"])


@dataclass
class Expected:
    """Hold what must become of a session.

    `bars` by (instrument, start) are (open, high, low, close, volume, count), prices unscaled; `ticks` by
    (instrument, source_seq) are (corrects_seq, event_time, price, quantity), late ones among them. `refused` are the
    `unreadable` and those whose target nobody has seen.
    """

    bars: dict[tuple[int, int], tuple[int, int, int, int, int, int]] = field(default_factory=dict)
    ticks: dict[tuple[int, int], tuple[int | None, int, int, int]] = field(default_factory=dict)
    accepted: int = 0
    refused: int = 0
    unreadable: int = 0
    late: int = 0
    duplicate: int = 0


def expected(market: DrillMarket, lateness: int = 10, minute: int = 60 * SECOND) -> Expected:
    """Judge the trades of a session by plain counting, from its seed alone."""
    found, hours = Expected(), market.hours
    ids = {instrument.symbol: instrument.instrument_id for instrument in simulated_instruments()}
    kept: dict[tuple[int, int], tuple[int, int, int]] = {}
    for envelope in market.envelopes():
        if envelope.channel == "quote":
            continue
        arrived = max(envelope.received_at, hours.opens)
        ended = arrived >= hours.closes + (lateness + 1) * SECOND
        horizon = arrived // SECOND * SECOND - lateness * SECOND
        try:
            trade = json.loads(envelope.payload)
        except ValueError:
            trade = {"price": 0}
        if trade["price"] <= 0:
            found.unreadable += 1
            continue
        instrument = ids[trade["symbol"]]
        key = (instrument, trade["seq"])
        if key in found.ticks:
            found.duplicate += 1
            continue
        match = (envelope.event_time, trade["price"] * UNIT, trade["volume"])
        found.ticks[key] = (trade.get("corrects"), *match)
        target = (instrument, trade.get("corrects", trade["seq"]))
        if ended or envelope.event_time < horizon:
            found.late += 1
        elif target not in found.ticks:
            found.refused += 1
        else:
            found.accepted += 1
            kept[target] = match
    found.refused += found.unreadable
    for (instrument, _), (event, price, quantity) in sorted(kept.items(), key=lambda one: (one[1][0], one[0][1])):
        if quantity:
            place = (instrument, event // minute * minute)
            first, high, low, _, volume, count = found.bars.get(place, (price, price, price, price, 0, 0))
            found.bars[place] = (first, max(high, price), min(low, price), price, volume + quantity, count + 1)
    return found
