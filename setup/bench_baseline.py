"""Hold the benchmarks of a run against bench/baseline.json; end in an error where a pair is missing or has fallen.

python setup/bench_baseline.py [--ledger build/bench.jsonl] [--write [PAIR ...]]

A pair is a bench beside a peer. Its ratio says how far ahead of the peer we are, measured in one run: an hour in
which the machine is slow touches both. It may fall by MARGIN of the baseline's: more than ten runs of the same code
differ by, and less than a fifth of speed (`python -m tests.drills.slowdown` shows both). What a processor can do moves
ratios, too, so the baseline names the one on which it was made. `--write` makes this run the baseline of the pairs that
it holds, and of those named. Only pairs that a bench measures in turns, round by round, belong there: others differ by
more than MARGIN from run to run.
"""

import argparse
import json
import platform
import sys
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).parents[1]
BASELINE = ROOT / "bench" / "baseline.json"
MARGIN = 0.12
Ratios = Mapping[str, float]


def newest(ledger: Path) -> Ratios:
    """Read the newest ratio of each pair, named `bench beside peer`; a figure without a peer has none."""
    lines = map(json.loads, ledger.read_text(encoding="utf-8").splitlines()) if ledger.is_file() else ()
    return {f"{line['bench']} beside {line['peer']}": line["ratio"] for line in lines if "ratio" in line}


def complaints(found: Ratios, baseline: Ratios) -> list[str]:
    """Say what is wrong with a run: pairs that it lacks, and pairs whose ratio has fallen by more than MARGIN."""
    said = []
    for pair, ratio in baseline.items():
        if pair not in found:
            said.append(f"{pair}: not measured, the baseline says {ratio}")
        elif found[pair] < ratio * (1 - MARGIN):
            said.append(f"{pair}: {found[pair]}, {1 - found[pair] / ratio:.0%} below the baseline's {ratio}")
    return said


def processor() -> str:
    """Name this machine's processor."""
    named = Path("/proc/cpuinfo").read_text(encoding="utf-8") if Path("/proc/cpuinfo").is_file() else ""
    models = [line.partition(":")[2].strip() for line in named.splitlines() if line.startswith("model name")]
    return models[0] if models else platform.processor()


def main() -> None:
    """Print every pair beside its baseline; end with 1 when one is missing or has fallen."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ledger", type=Path, default=ROOT / "build" / "bench.jsonl")
    parser.add_argument("--write", nargs="*", metavar="PAIR", help="make this run the baseline; take these pairs in")
    options = parser.parse_args()
    found = newest(options.ledger)
    kept = json.loads(BASELINE.read_text(encoding="utf-8"))
    if options.write is not None:
        wanted = {*kept["ratios"], *options.write}
        if missing := sorted(wanted - found.keys()):
            sys.exit(f"not measured in this run: {', '.join(missing)}; nothing was written")
        kept = {"processor": processor(), "ratios": {pair: found[pair] for pair in sorted(wanted)}}
        BASELINE.write_text(json.dumps(kept, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    if kept["processor"] != processor():
        print(f"the baseline was made on {kept['processor']}, this is {processor()}: ratios may differ for that alone")
    for pair, ratio in found.items():
        print(f"{pair}: {ratio} (baseline {kept['ratios'].get(pair, 'has no such pair')})")
    if said := complaints(found, kept["ratios"]):
        sys.exit("\n".join([*said, "Mend it, or where the change is meant: python setup/bench_baseline.py --write"]))


if __name__ == "__main__":
    main()
