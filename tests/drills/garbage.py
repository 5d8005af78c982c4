"""Garbage at full load: no query stops, good ticks lose nothing, and their latency rises by less than half.

python -m tests.drills.garbage --shares 1 10 50 100     a line for each share, appended to build/drills.jsonl

The live application takes in the thousand ticks a second of bench/live: once alone, then with garbage beside them, so
many records for every hundred good ones. Half of it comes through the feed, as messages that it judged unreadable, that
break the fold's own rules or that correct a trade nobody has seen; half is rubbish that another producer writes to
fold_input: noise, torn records, unknown kinds, seeds and books that fit nothing. What the good ticks lead to must be,
row for row, what they lead to alone; each bad entry and each rubbish record must be refused by name.
"""

import argparse
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from bench.live.market import FACTOR, RATE, TRADE, entries_of, envelopes, hours_of
from bench.live.running import Running, running
from spark_apps.kernels.layouts import CAUSE, ENTRY, HEADER, QUOTE, Kind, Rows
from spark_apps.kernels.output_records import split_outputs
from spark_apps.kernels.reasons import FIRST_FEED_REASON, QUOTE_REASONS, REASONS
from spark_apps.kernels.records import encode, encode_parameters, encode_seed, encode_trades, join
from spark_apps.lake.feed import SECOND, Pace, publish_session
from spark_apps.lake.kafka import Publisher, fold_input, fold_output, raw_topic
from spark_apps.sources.envelope import Envelope
from tests.drills.verdict import record

WARM_UP = 40  # seconds of ours
BAD_SEQ = 1_000_000_000
GOOD = (Kind.BAR, Kind.INDICATOR, Kind.SIGNAL)
ASIDE = {Kind.LATE: REASONS, Kind.REFUSED: REASONS, Kind.DUPLICATE: REASONS, Kind.REFUSED_QUOTE: QUOTE_REASONS}


class Found(NamedTuple):
    """Hold what a run led to.

    `good` counts rows of bars, indicators and signals without their causes, `refused` refusals by name; latencies are
    milliseconds from the raw message's append to that of the output.
    """

    good: Counter[tuple[int, bytes]]
    refused: Counter[str]
    sent_beside: int
    p50: float
    p99: float


def with_garbage(given: Iterator[Envelope], share: int) -> Iterator[Envelope]:
    """Put bad messages among good ones: half of `share` for every hundred, evenly."""
    owed, bad = 0, 0
    for envelope in given:
        yield envelope
        owed += share
        if owed >= 200:
            owed, bad = owed - 200, bad + 1
            payload, seq = b"garbage %d" % (bad % 6), BAD_SEQ + bad
            yield Envelope("sim", "trade", seq, envelope.event_time, envelope.received_at, "binary", 1, payload)


def judged(messages: Sequence[Envelope]) -> Rows:
    """Parse good messages as the bench does, and make of each bad one an entry that something must refuse."""
    entries = np.zeros(len(messages), ENTRY)
    is_good = np.array([len(one.payload) == TRADE.itemsize for one in messages], bool)
    entries[is_good] = entries_of([one for one, good in zip(messages, is_good, strict=True) if good])
    template = entries_of([next(envelopes(1, seed=1))])[0]
    for place in np.flatnonzero(~is_good).tolist():
        entries[place] = template
        entry, fault = entries[place], messages[place].payload[-1:]
        entry["source_seq"], entry["event_time"] = messages[place].source_seq, messages[place].event_time
        if fault == b"0":
            entry["verdict"] = FIRST_FEED_REASON
        elif fault == b"1":
            entry["price"] = -1
        elif fault == b"2":
            entry["quantity"] = 0
        elif fault == b"3":
            entry["session_date"] += 1
        elif fault == b"4":
            entry["corrects_seq"] = BAD_SEQ - 1
        else:
            entry["price"] = entry["quantity"] = 1 << 40
    return entries


def rubbish(number: int, random: np.random.Generator) -> bytes:
    """Make a record that fold_input should never hold, of one of nine kinds."""
    noise = random.bytes(int(random.integers(0, 200)))
    one = np.zeros(1, ENTRY)
    made = (
        noise,
        encode_trades(one)[:-1],
        encode_trades(one) + b"\0",
        bytes([250]) + encode_trades(one)[1:],
        encode_seed(7, 1, noise),
        encode_parameters(1, b"\0\0\0\0" + noise),
        encode(Kind.TRADE, one)[: HEADER.itemsize],
        encode(Kind.QUOTE, np.zeros(1, QUOTE))[:-1],
        encode(Kind.QUOTE, np.zeros(1, QUOTE)),
    )
    return made[number % len(made)]


def disturb(live: Running, share: int, stop: threading.Event, sent: list[int]) -> None:
    """Write rubbish to fold_input at half of `share` for every hundred good ticks, until told to stop."""
    publisher, random, began = Publisher(live.settings.kafka), np.random.default_rng(share), time.monotonic()
    topic, count = fold_input(live.settings.kafka), 0
    while not stop.is_set():
        for _ in range(int((time.monotonic() - began) * RATE * share / 200) - count):
            publisher.send(topic, rubbish(count, random), 0)
            count += 1
        stop.wait(0.02)
    publisher.deliver()
    sent.append(count)


def carry(folder: Path, seconds: int, share: int) -> Found:
    """Run the application under one share of garbage."""
    with running(folder, 10 * FACTOR) as live:
        stop, sent = threading.Event(), list[int]()
        beside = threading.Thread(target=disturb, args=(live, share, stop, sent))
        given = with_garbage(envelopes(seconds, seed=1), share)
        try:
            if share:
                beside.start()
            publish_session(given, judged, hours_of(seconds), live.settings, Pace(FACTOR))
        finally:
            stop.set()
            if share:
                beside.join()
        live.drain()
        live.stop()
        return read(live, sum(sent))


def read(live: Running, sent_beside: int) -> Found:
    """Read the topics of a run that has ended."""
    kafka = live.settings.kafka
    inputs, raw = (
        {one.offset: one for one in live.read(topic)} for topic in (fold_input(kafka), raw_topic("sim", kafka))
    )
    outputs = live.read(fold_output(kafka))
    sent = {
        (int(trade["instrument"]), int(trade["seq"])): one.broker_time
        for one in raw.values()
        if len(one.value) == TRADE.itemsize
        for trade in np.frombuffer(one.value, TRADE)
    }
    begin, took, good = min(sent.values()) + WARM_UP * SECOND, [], Counter[tuple[int, bytes]]()
    skip = HEADER.itemsize + CAUSE.itemsize
    for output in outputs:
        if output.value[0] not in GOOD:
            continue
        good[output.value[0], output.value[skip:]] += 1
        cause = inputs[int(np.frombuffer(output.value, CAUSE, 1, HEADER.itemsize)["input_offset"][0])]
        if output.broker_time >= begin and cause.value[0] == Kind.TRADE:
            entry = np.frombuffer(cause.value, ENTRY, 1, HEADER.itemsize)[0]
            took.append(output.broker_time - sent[int(entry["instrument_id"]), int(entry["source_seq"])])
    rows = split_outputs(*join([one.value for one in outputs]))
    refused = Counter(names[reason] for kind, names in ASIDE.items() for reason in rows[kind]["reason"].tolist())
    p50, p99 = np.percentile(np.array(took) / 1e6, (50, 99))
    return Found(good, refused, sent_beside, round(float(p50), 1), round(float(p99), 1))


def judge(share: int, now: Found, alone: Found, in_feed: int) -> dict[str, object]:
    """Compare a run with the one that had no garbage."""
    refused = (now.refused - alone.refused).total()
    line = {
        "drill": f"garbage_{share}",
        "seed": 1,
        "lost": (alone.good - now.good).total(),
        "doubled": (now.good - alone.good).total(),
        "wrong": abs(refused - in_feed - now.sent_beside),
        "rows": now.good.total(),
        "garbage": in_feed + now.sent_beside,
        "refused_as": len(now.refused - alone.refused),
        "p50_ms": now.p50,
        "p99_ms": now.p99,
        "p99_alone_ms": alone.p99,
    }
    passed = not (line["lost"] or line["doubled"] or line["wrong"]) and now.p99 < 1.5 * alone.p99
    return {**line, "passed": passed}


def main() -> None:
    """Run every share; exit 1 when one does not pass."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--seconds", type=int, default=100)
    options.add_argument("--shares", type=int, nargs="+", default=[1, 10, 50, 100], help="of each hundred good ticks")
    given = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="tayho_garbage_") as place:
        alone = carry(Path(place) / "alone", given.seconds, 0)
        print(f"# alone: {alone.good.total()} rows, p50 {alone.p50} ms, p99 {alone.p99} ms", flush=True)
        passed = []
        for share in given.shares:
            now = carry(Path(place) / str(share), given.seconds, share)
            in_feed = sum(one.source_seq >= BAD_SEQ for one in with_garbage(envelopes(given.seconds, seed=1), share))
            line = judge(share, now, alone, in_feed)
            print(f"# {share} %: {dict(now.refused - alone.refused)}", flush=True)
            record(line)
            passed.append(line["passed"])
    sys.exit(not all(passed))


if __name__ == "__main__":
    main()
