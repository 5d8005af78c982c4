"""Bench: the C++ kernels on one thread, beside TA-Lib and DuckDB in the same run.

`python bench/kernels.py` prints a line per figure and appends it to build/bench.jsonl. Figures are medians of the runs;
a ratio above 1 is ahead of the peer. Ticks are 20 M, 400 instruments with Zipf-like activity, in order of time.
"""

import argparse
import json
import statistics
import subprocess
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import talib

from bench.indicators.numba_loop import eight_loops
from spark_apps.kernels import Kernels, choose
from spark_apps.kernels.layouts import ENTRY, ClockFlag
from spark_apps.kernels.records import encode_clock, encode_trades, join
from spark_apps.kernels.reference_indicators import Reals

LEDGER = Path("build/bench.jsonl")
SECOND = 1_000_000_000
Compute = Callable[[Reals, Reals, Reals, Reals], object]
INSTRUMENTS = 400
# SMA, EMA, RSI, MACD, Bollinger, ATR, ADX, OBV: the columns that TA-Lib gives for them.
EIGHT = (
    "sma_20",
    "ema_20",
    "rsi_14",
    "macd_12_26",
    "macd_signal_9",
    "macd_histogram_9",
    "bollinger_upper_20",
    "bollinger_lower_20",
    "atr_14",
    "adx_14",
    "obv",
)
ORACLE = """
    SELECT instrument_id, event_time // 60000000000 AS minute, arg_min(price, source_seq), max(price), min(price),
           arg_max(price, source_seq), sum(quantity), sum(price * quantity), count(*) FROM trades GROUP BY ALL
"""


def rate(rows: int, runs: int, work: Callable[[], object]) -> float:
    """Give million rows per second of CPU time, which a busy machine does not change; the median of the runs."""
    seconds = [seconds_of(work) for _ in range(runs)]
    return rows / statistics.median(seconds) / 1e6


def seconds_of(work: Callable[[], object]) -> float:
    """Give the CPU seconds that work takes."""
    started = time.process_time()
    work()
    return time.process_time() - started


def report(
    bench: str, ours: float, unit: str, peer: str, peer_value: float | None, runs: int, ratio: float | None = None
) -> None:
    """Print one figure and append it to the ledger; the ratio is that of the figures unless it was taken by rounds."""
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=True).stdout
    line = {"bench": bench, "ours": round(ours, 2), "unit": unit, "peer": peer}
    line |= {"peer_value": round(peer_value, 2), "ratio": round(ratio or ours / peer_value, 2)} if peer_value else {}
    LEDGER.parent.mkdir(exist_ok=True)
    with LEDGER.open("a", encoding="utf-8") as ledger:
        ledger.write(json.dumps(line | {"runs": runs, "commit": commit.strip()}) + "\n")
    print(" ".join(f"{key}={value}" for key, value in line.items()))


def bench_session_bars(kernels: Kernels, random: np.random.Generator, size: int, runs: int) -> None:
    """Fold ticks of one session to minute bars, beside DuckDB on one thread over the same arrays."""
    share = 1 / np.arange(1, INSTRUMENTS + 1)
    ids = random.choice(INSTRUMENTS, size, p=share / share.sum()).astype(np.int32) + np.int32(1)
    time_of = np.sort(random.integers(0, 5 * 3600, size)) * SECOND
    seq, price, quantity = np.arange(size), random.integers(10**8, 3 * 10**8, size), random.integers(1, 100, size) * 100
    ours = rate(size, runs, lambda: kernels.fold_bars(ids, time_of, seq, price, quantity, 60 * SECOND))
    columns = {"instrument_id": ids, "event_time": time_of, "source_seq": seq, "price": price, "quantity": quantity}
    with duckdb.connect(config={"threads": 1}) as engine:
        engine.register("trades", pa.table(columns))
        peer = rate(size, 1, lambda: engine.sql(ORACLE).to_arrow_table())
    report("fold_bars", ours, "M rows/s", "DuckDB, 1 thread", peer, runs)


def bench_bar_fold(kernels: Kernels, random: np.random.Generator, runs: int) -> None:
    """Feed the live fold 400 seconds of 1,000 entries, a record and a clock per second."""
    records = [encode_clock(0, 1, ClockFlag.OPENS)]
    for second in range(400):
        entries = np.zeros(1000, ENTRY)
        entries["instrument_id"], entries["session_date"] = random.integers(1, INSTRUMENTS + 1, 1000), 1
        entries["source_seq"] = np.arange(second * 1000, (second + 1) * 1000)
        entries["event_time"], entries["price"], entries["quantity"] = second * SECOND, 10**8, 100
        records += [encode_trades(entries), encode_clock(second * SECOND, 1)]
    places, (data, bounds) = np.arange(len(records)), join(records)

    def fold() -> None:
        kernels.BarFold(60 * SECOND, 10 * SECOND, 120 * SECOND, 100_000, 1, 0).apply(places, data, bounds)

    report("bar_fold", rate(400_000, runs, fold), "M entries/s", "none", None, runs)


def ta_lib(high: Reals, low: Reals, close: Reals, volume: Reals) -> None:
    """Compute the columns of EIGHT for one instrument."""
    talib.SMA(close, 20)
    talib.EMA(close, 20)
    talib.RSI(close, 14)
    talib.MACD(close, 12, 26, 9)
    talib.BBANDS(close, 20, 2, 2)
    talib.ATR(high, low, close, 14)
    talib.ADX(high, low, close, 14)
    talib.OBV(close, volume)


def bench_indicators(kernels: Kernels, random: np.random.Generator, runs: int) -> None:
    """Fold eight indicators over 2 M rows of 400 instruments, 8 a call, beside TA-Lib and numba on one core.

    Rates count an indicator once per row, whatever number of columns it has.
    """
    length, together = 5000, 8
    size = INSTRUMENTS * length
    close = 25 * np.exp(np.cumsum(random.normal(0, 0.001, size)))
    high, low = close * (1 + random.random(size) / 100), close * (1 - random.random(size) / 100)
    volume = random.integers(1, 10**6, size)
    ids = np.repeat(np.arange(1, INSTRUMENTS + 1, dtype=np.int32), length)
    traded = volume.astype(np.float64)

    def ours() -> None:
        fold = kernels.IndicatorFold(EIGHT)
        for start in range(0, size, length * together):
            part = slice(start, start + length * together)
            fold.apply(ids[part], close[part], high[part], low[part], close[part], volume[part])

    def peer(compute: Compute) -> None:
        for start in range(0, size, length):
            part = slice(start, start + length)
            compute(high[part], low[part], close[part], traded[part])

    peers: dict[str, Compute] = {"TA-Lib": ta_lib, "numba, fused loop": eight_loops}
    eight_loops(high[:length], low[:length], close[:length], traded[:length])  # compiles
    # In turns, a round at a time: what slows the machine for a while slows all of them.
    rounds = [
        {"": seconds_of(ours)} | {name: seconds_of(partial(peer, compute)) for name, compute in peers.items()}
        for _ in range(4 * runs)
    ]
    for name in peers:
        fair = statistics.median(each[name] / each[""] for each in rounds)
        mine, theirs = (size * 8 / statistics.median(each[who] for each in rounds) / 1e6 for who in ("", name))
        report("indicator_fold", mine, "M elem/s", name, theirs, 4 * runs, fair)


def main() -> None:
    """Run all three."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=20_000_000)
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    kernels, random = choose("required"), np.random.default_rng(1)
    bench_session_bars(kernels, random, options.rows, options.runs)
    bench_bar_fold(kernels, random, options.runs)
    bench_indicators(kernels, random, options.runs)


if __name__ == "__main__":
    main()
