"""Show that the comparison of benchmarks sees what it should: a kernel slowed by a fifth, and nothing in the same code.

python -m tests.drills.slowdown --runs 10     prints a line and appends it to build/drills.jsonl

The bench of the indicator kernel runs once to be the baseline, ten times unchanged, then once with a fold that spends a
quarter more time: a fifth less speed. `setup/bench_baseline.py` judges each run as it judges `make bench`.
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np

from bench import kernels as bench
from setup.bench_baseline import Ratios, complaints, newest
from spark_apps.kernels import Kernels, choose
from tests.drills.verdict import record

SEED = 1


def slowed(kernels: Kernels) -> Kernels:
    """Give kernels whose indicator fold spends a quarter more of the processor's time."""

    class Slowed(kernels.IndicatorFold):  # type: ignore[name-defined, misc]  # a class known at run time
        def apply(self, *bars: Any) -> Any:
            began = time.process_time()
            made = super().apply(*bars)
            until = time.process_time() + (time.process_time() - began) / 4
            while time.process_time() < until:
                pass
            return made

    return cast(Kernels, SimpleNamespace(IndicatorFold=Slowed))  # all that this bench asks of kernels


def measure(kernels: Kernels) -> Ratios:
    """Run the bench of the indicator kernel; give its ratios."""
    with tempfile.TemporaryDirectory() as folder:
        bench.LEDGER = Path(folder) / "bench.jsonl"
        bench.bench_indicators(kernels, np.random.default_rng(SEED), runs=5)
        return newest(bench.LEDGER)


def main() -> None:
    """Measure, judge, and end with 1 when the comparison cried for nothing or kept silent."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=10)
    options = parser.parse_args()
    kernels = choose("required")
    baseline = measure(kernels)
    unchanged = [measure(kernels) for _ in range(options.runs)]
    lowest = min(run[pair] / baseline[pair] for run in unchanged for pair in baseline)
    cried = sum(bool(complaints(run, baseline)) for run in unchanged)
    planted = complaints(measure(slowed(kernels)), baseline)
    passed = not cried and len(planted) == len(baseline)
    line = {"drill": "slowdown", "seed": SEED, "runs": options.runs, "cried_for_nothing": cried}
    record(line | {"lowest_of_unchanged": round(lowest, 3), "planted_seen": len(planted), "passed": passed})
    sys.exit(not passed)


if __name__ == "__main__":
    main()
