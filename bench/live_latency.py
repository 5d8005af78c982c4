"""Measure the live path: broker append of what causes an output to broker append of that output.

python bench/live_latency.py [--seconds 140]

1,000 trades a second of 400 instruments, each in a record of its own, through the real feed, the real application
and a real broker, with the bronze and gold queries beside the fold. Market time runs 60 times as fast, so that bars of
all instruments close each second, and strategies judge them; the lateness bound is stretched alike, so the fold's state
is as large as at the market's own pace. The broker stamps every record when it appends it; the first 40 seconds are
dropped.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from random import Random

import numpy as np
from numpy.typing import NDArray

from spark_apps.kernels.records import CAUSE, ENTRY, HEADER, NO_TARGET, Kind, Rows
from spark_apps.lake.checkpoints import behind, committed
from spark_apps.lake.feed import SECOND, Hours, Pace, publish_session
from spark_apps.lake.kafka import Record, end_offsets, fold_input, fold_output, raw_topic, read_back
from spark_apps.lake.location import checkpoint
from spark_apps.lake.provenance import code_commit
from spark_apps.lake.services import start_broker
from spark_apps.settings import Settings, load
from spark_apps.sources.envelope import Envelope

ROOT = Path(__file__).parents[1]
FACTOR, RATE, INSTRUMENTS, WARM_UP, OUTPUTS = 60, 1_000, 400, 40, 10_000
DAY = date(2026, 11, 20)
OPENS = (DAY - date(1970, 1, 1)).days * 86_400 * SECOND + 2 * 3_600 * SECOND
TRADE = np.dtype([("instrument", "<i4"), ("seq", "<i8"), ("event", "<i8"), ("price", "<i8"), ("quantity", "<i8")])


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


def measured(settings: Settings) -> dict[str, NDArray[np.float64]]:
    """Give the milliseconds from the cause's append, and from its raw message's, to the append of each output.

    Of signals alone too, from the cause's.
    """
    inputs, raw = _read(settings, fold_input(settings.kafka)), _read(settings, raw_topic("sim", settings.kafka))
    arrived = {record.offset: record for record in inputs}
    sent = {_trade_of(record.value): record.broker_time for record in raw}
    outputs = _read(settings, fold_output(settings.kafka))
    begin = outputs[0].broker_time + WARM_UP * SECOND
    from_input, from_raw, of_signals = [], [], []
    for output in outputs:
        if output.broker_time >= begin:
            cause = arrived[int(np.frombuffer(output.value, CAUSE, 1, HEADER.itemsize)["input_offset"][0])]
            from_input.append(output.broker_time - cause.broker_time)
            if output.value[0] == Kind.SIGNAL:
                of_signals.append(from_input[-1])
            if cause.value[0] == Kind.TRADE:
                entry = np.frombuffer(cause.value, ENTRY, 1, HEADER.itemsize)[0]
                key = (int(entry["instrument_id"]), int(entry["source_seq"]))
                from_raw.append(output.broker_time - sent[key])
    found = {"fold_input": from_input, "raw": from_raw, "fold_input_to_signal": of_signals}
    return {since: np.array(values) / 1e6 for since, values in found.items()}


def _trade_of(payload: bytes) -> tuple[int, int]:
    trade = np.frombuffer(payload, TRADE)[0]
    return int(trade["instrument"]), int(trade["seq"])


def _read(settings: Settings, topic: str) -> list[Record]:
    ends = end_offsets(settings.kafka, [topic])[topic]
    return [record for number, end in ends.items() for record in read_back(settings.kafka, topic, number, 0, end)]


def carry(folder: Path, seconds: int) -> dict[str, NDArray[np.float64]]:
    """Run broker, application and feed for so many seconds; give what was measured."""
    broker = start_broker(folder / "broker")
    settings = load()
    kafka = settings.kafka.model_copy(update={"bootstrap_servers": broker.address})
    live = settings.live.model_copy(update={"lateness_seconds": 10 * FACTOR})
    settings = settings.with_values(lake_root=folder / "lake", kafka=kafka, live=live)
    environment = {
        "PYSPARK_SUBMIT_ARGS": "--driver-memory 2g pyspark-shell",
        "TAYHO_LAKE_ROOT": str(settings.lake_root),
        "TAYHO_KAFKA__BOOTSTRAP_SERVERS": broker.address,
        "TAYHO_LIVE__LATENESS_SECONDS": str(live.lateness_seconds),
    }
    log = (folder / "live.log").open("wb")
    application = subprocess.Popen(
        [sys.executable, "-m", "spark_apps.jobs.live"], cwd=ROOT, env=os.environ | environment, stdout=log, stderr=log
    )
    try:
        while not (settings.lake_root / "ops" / "runs").is_dir():
            if application.poll() is not None:
                raise SystemExit((folder / "live.log").read_text(encoding="utf-8"))
            time.sleep(0.5)
        hours = Hours(DAY, OPENS, OPENS + seconds * FACTOR * SECOND)
        publish_session(envelopes(seconds, seed=1), entries_of, hours, settings, Pace(FACTOR))
        fold, wanted = checkpoint("fold", settings), end_offsets(settings.kafka, [fold_input(settings.kafka)])
        while behind(committed(fold), wanted) and application.poll() is None:
            time.sleep(0.5)
        application.send_signal(signal.SIGTERM)
        if application.wait(120):
            raise SystemExit((folder / "live.log").read_text(encoding="utf-8"))
        return measured(settings)
    finally:
        application.kill()
        log.close()
        broker.stop()


def main() -> None:
    """Measure, print and keep the figures; the peer is the aim of performance.md."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--seconds", type=int, default=140)
    seconds = options.parse_args().seconds
    with tempfile.TemporaryDirectory(prefix="tayho_latency_") as folder:
        found = carry(Path(folder), seconds)
    if min(map(len, found.values())) < OUTPUTS:
        counted = {since: len(values) for since, values in found.items()}
        raise SystemExit(f"{counted} outputs after the first {WARM_UP} s, wanted {OUTPUTS:,} of each: more --seconds")
    results = ROOT / "build" / "bench.jsonl"
    results.parent.mkdir(exist_ok=True)
    for since, values in found.items():
        for share, aim in ((50, 250), (99, 500)):
            ours = round(float(np.percentile(values, share)), 1)
            line = {"bench": f"live_latency_from_{since}_p{share}", "ours": ours, "unit": "ms", "peer": "aim"}
            line |= {"peer_value": aim, "ratio": round(aim / ours, 2), "runs": 1, "commit": code_commit()}
            print(f"{line['bench']}: {ours} ms over {len(values)} outputs, aim {aim} ms")
            with results.open("a", encoding="utf-8") as file:
                file.write(json.dumps(line) + "\n")


if __name__ == "__main__":
    main()
