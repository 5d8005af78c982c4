"""Benchmarks are held against a committed baseline: pairs that are missing or have fallen are named."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from setup import bench_baseline
from setup.bench_baseline import complaints, newest
from tests.house.tree import ROOT

KEPT = json.loads((ROOT / "bench" / "baseline.json").read_text(encoding="utf-8"))["ratios"]


def ledger(folder: Path, ratios: dict[str, float]) -> Path:
    """Write a run's lines, each pair twice: the newest counts."""
    lines = [
        {"bench": bench, "peer": peer, "ratio": each}
        for pair, ratio in ratios.items()
        for bench, _, peer in [pair.partition(" beside ")]
        for each in (0.01, ratio)
    ]
    path = folder / "bench.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in [*lines, {"bench": "bar_fold", "peer": "none"}]))
    return path


def judge(path: Path) -> subprocess.CompletedProcess[str]:
    words = [sys.executable, "setup/bench_baseline.py", "--ledger", str(path)]
    return subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)


def test_a_run_like_the_baseline_passes_and_its_noise_too(tmp_path: Path) -> None:
    path = ledger(tmp_path, {pair: ratio * 0.95 for pair, ratio in KEPT.items()} | {"new beside peer": 1.0})
    assert newest(path).keys() == {*KEPT, "new beside peer"}
    judged = judge(path)
    assert (judged.returncode, "new beside peer: 1.0 (baseline has no such pair)" in judged.stdout) == (0, True)


@pytest.mark.parametrize("pair", KEPT)
def test_a_pair_that_lost_a_fifth_of_its_speed_is_named(pair: str, tmp_path: Path) -> None:
    judged = judge(ledger(tmp_path, KEPT | {pair: KEPT[pair] * 0.8}))
    assert judged.returncode == 1
    assert f"{pair}: {KEPT[pair] * 0.8}, 20% below" in judged.stderr


def test_a_pair_that_was_not_measured_is_named() -> None:
    assert complaints({"a beside b": 2.0}, {"a beside b": 2.0, "c beside d": 3.5}) == [
        "c beside d: not measured, the baseline says 3.5"
    ]


def test_a_run_without_a_ledger_lacks_every_pair(tmp_path: Path) -> None:
    assert len(judge(tmp_path / "nothing.jsonl").stderr.splitlines()) == len(KEPT) + 1


def test_writing_takes_in_the_pairs_that_are_held_or_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = tmp_path / "baseline.json"
    kept.write_text(json.dumps({"processor": "old", "ratios": {"a beside b": 2.0}}), encoding="utf-8")
    monkeypatch.setattr(bench_baseline, "BASELINE", kept)
    path = str(ledger(tmp_path, {"a beside b": 1.0, "c beside d": 3.0, "noisy beside e": 5.0}))
    monkeypatch.setattr(sys, "argv", ["bench_baseline.py", "--ledger", path, "--write", "f beside g"])
    with pytest.raises(SystemExit, match="not measured in this run: f beside g; nothing was written"):
        bench_baseline.main()
    monkeypatch.setattr(sys, "argv", ["bench_baseline.py", "--ledger", path, "--write", "c beside d"])
    bench_baseline.main()
    assert json.loads(kept.read_text(encoding="utf-8"))["ratios"] == {"a beside b": 1.0, "c beside d": 3.0}
