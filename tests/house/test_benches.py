"""The bench of bars runs, and stops where a peer makes other bars."""

from pathlib import Path

import pytest

from bench import ticks_to_bars, work
from bench.bars.peers import PEERS


@pytest.mark.timeout(600)
def test_every_peer_makes_the_same_table_and_has_a_figure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (ticks_to_bars, work):
        monkeypatch.setattr(module, "BENCH", tmp_path)
    figures = ticks_to_bars.measure(4_000, 1, 2_000)
    assert [figure.peer for figure in figures] == list(PEERS)
    assert {(figure.rows, figure.runs) for figure in figures} == {(4_000, 1)}


def test_peers_that_make_other_bars_stop_the_bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    others = {name: PEERS[name] for name in PEERS if name != "tayho"}
    sums = iter(range(len(others)))
    for module in (ticks_to_bars, work):
        monkeypatch.setattr(module, "BENCH", tmp_path)
    monkeypatch.setattr(ticks_to_bars, "PEERS", others)
    monkeypatch.setattr(ticks_to_bars, "sums", lambda _: (next(sums),))
    with pytest.raises(SystemExit, match="the tables differ"):
        ticks_to_bars.measure(4_000, 1, 2_000)
