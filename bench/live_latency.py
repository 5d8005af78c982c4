"""Measure the live path: broker append of what causes an output to broker append of that output.

python bench/live_latency.py [--seconds 140]

1,000 trades a second of 400 instruments, each in a record of its own, through the real feed, the real application
and a real broker, with all other queries of the application beside the fold. Market time runs 60 times as fast, so that
bars of all instruments close each second, and strategies judge them; the lateness bound is stretched alike, so that the
state is as large as at the market's own pace. The broker stamps every record when it appends it; the first 40 seconds
are dropped.
"""

import argparse
import json
import tempfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench.live.market import FACTOR, TRADE, entries_of, envelopes, hours_of
from bench.live.running import ROOT, Running, running
from spark_apps.kernels.layouts import CAUSE, ENTRY, HEADER, Kind
from spark_apps.lake.feed import SECOND, Pace, publish_session
from spark_apps.lake.kafka import fold_input, fold_output, raw_topic
from spark_apps.lake.provenance import code_commit

WARM_UP, OUTPUTS = 40, 10_000
CROSSING = ("fold_input_to_standing", "fold_input_to_cross_signal")
# Strategies over standings act seldom; of all else so many outputs are measured.
FEWEST = {"fold_input_to_cross_signal": 1_000}
# Milliseconds by percentile: of what one instrument's records cause, and of what crosses instruments.
AIMS = {False: ((50, 250), (99, 500)), True: ((50, 600), (99, 1_000))}


def measured(live: Running) -> dict[str, NDArray[np.float64]]:
    """Give the milliseconds from the cause's append, and from its raw message's, to the append of each output.

    Of signals alone too, from the cause's; and of how bars stand among each other, and of signals over that, which a
    second fold says.
    """
    kafka = live.settings.kafka
    inputs, raw, outputs = (
        live.read(topic) for topic in (fold_input(kafka), raw_topic("sim", kafka), fold_output(kafka))
    )
    arrived = {record.offset: record for record in inputs}
    sent = {_trade_of(record.value): record.broker_time for record in raw}
    begin = outputs[0].broker_time + WARM_UP * SECOND
    from_input, from_raw, of_signals = [], [], []
    crossing: dict[int, list[int]] = {Kind.STANDING: [], Kind.CROSS_SIGNAL: []}
    for output in outputs:
        if output.broker_time >= begin and output.value[0] not in (Kind.PROGRESS, Kind.BOOK):
            cause = arrived[int(np.frombuffer(output.value, CAUSE, 1, HEADER.itemsize)["input_offset"][0])]
            if output.value[0] in crossing:
                crossing[output.value[0]].append(output.broker_time - cause.broker_time)
                continue
            from_input.append(output.broker_time - cause.broker_time)
            if output.value[0] == Kind.SIGNAL:
                of_signals.append(from_input[-1])
            if cause.value[0] == Kind.TRADE:
                entry = np.frombuffer(cause.value, ENTRY, 1, HEADER.itemsize)[0]
                key = (int(entry["instrument_id"]), int(entry["source_seq"]))
                from_raw.append(output.broker_time - sent[key])
    found = {"fold_input": from_input, "raw": from_raw, "fold_input_to_signal": of_signals}
    found |= zip(CROSSING, crossing.values(), strict=True)
    return {since: np.array(values) / 1e6 for since, values in found.items()}


def _trade_of(payload: bytes) -> tuple[int, int]:
    trade = np.frombuffer(payload, TRADE)[0]
    return int(trade["instrument"]), int(trade["seq"])


def main() -> None:
    """Measure, print and keep the figures; the peer is the aim of performance.md."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--seconds", type=int, default=140)
    seconds = options.parse_args().seconds
    with tempfile.TemporaryDirectory(prefix="tayho_latency_") as folder, running(Path(folder), 10 * FACTOR) as live:
        publish_session(envelopes(seconds, seed=1), entries_of, hours_of(seconds), live.settings, Pace(FACTOR))
        live.drain()
        live.stop()
        found = measured(live)
    if any(len(values) < FEWEST.get(since, OUTPUTS) for since, values in found.items()):
        counted = {since: len(values) for since, values in found.items()}
        raise SystemExit(
            f"{counted} outputs after the first {WARM_UP} s, wanted {OUTPUTS:,} of each, {FEWEST}: more --seconds"
        )
    results = ROOT / "build" / "bench.jsonl"
    results.parent.mkdir(exist_ok=True)
    for since, values in found.items():
        for share, aim in AIMS[since in CROSSING]:
            ours = round(float(np.percentile(values, share)), 1)
            line = {"bench": f"live_latency_from_{since}_p{share}", "ours": ours, "unit": "ms", "peer": "aim"}
            line |= {"peer_value": aim, "ratio": round(aim / ours, 2), "runs": 1, "commit": code_commit()}
            print(f"{line['bench']}: {ours} ms over {len(values)} outputs, aim {aim} ms")
            with results.open("a", encoding="utf-8") as file:
                file.write(json.dumps(line) + "\n")


if __name__ == "__main__":
    main()
