"""The bar fold over random sessions: twin, replay, truth and oracle equality."""

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from spark_apps.kernels import choose, fold_bars, reference
from spark_apps.kernels.records import ENTRY, ClockFlag, Kind, Rows, encode_corrections, encode_trades
from tests.drills.fold_parity import Case, main, random_case, run
from tests.kernels.session import OPEN, PARAMETERS, SECOND, SESSION, clock, entry, feed

NATIVE = choose("preferred")
BARS = ("instrument_id", "bar_start", "open", "high", "low", "close", "volume", "value", "trade_count")

entries = some.builds(
    entry,
    some.integers(0, 30),
    some.integers(0, 160).map(lambda half_seconds: half_seconds / 2),
    some.sampled_from([-1, 0, 1, 90, 100, 110]),
    some.sampled_from([-1, 0, 1, 10, 1 << 58]),
    instrument_id=some.integers(0, 3),
    session_date=some.sampled_from([SESSION] * 8 + [SESSION - 1, SESSION + 1]),
    source=some.integers(1, 2),
    verdict=some.sampled_from([0] * 9 + [22]),
    corrects_seq=some.integers(0, 30),
)
records = some.one_of(
    some.lists(entries, max_size=5).map(lambda given: encode_trades(np.array(given, ENTRY))),
    some.lists(entries, max_size=5).map(lambda given: encode_corrections(np.array(given, ENTRY))),
    some.builds(clock, some.integers(0, 160), some.integers(SESSION - 1, SESSION + 1), some.sampled_from(ClockFlag)),
    some.binary(max_size=80),
)


@settings(deadline=None)
@given(some.lists(records, max_size=30), some.data())
def test_both_folds_give_the_same_rows_and_state_however_calls_are_cut(
    given: list[bytes], data: some.DataObject
) -> None:
    feed_in = [OPEN, *given]
    places = some.lists(some.integers(0, len(feed_in)), max_size=6).map(lambda cuts: sorted({0, *cuts, len(feed_in)}))
    case = Case(PARAMETERS, feed_in, (data.draw(places), data.draw(places)))
    expected = run(case, reference, case.cuts[0], restores=False)
    assert expected == run(case, NATIVE, case.cuts[1], restores=False)
    assert expected == run(case, NATIVE, case.cuts[1], restores=True)
    assert expected == run(case, reference, case.cuts[1], restores=True)


def test_the_drill_finds_a_lost_record() -> None:
    case = random_case(np.random.default_rng(3))
    less = case._replace(records=[*case.records[:-1], b""])
    assert run(case, NATIVE, case.cuts[0], restores=False) != run(less, NATIVE, case.cuts[0], restores=False)


def test_the_drill_prints_one_line(
    capsys: pytest.CaptureFixture[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("drill")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setattr("sys.argv", ["fold_parity", "--cases", "20", "--seed", "5"])
        assert main() == 0
    assert capsys.readouterr().out.startswith("drill=fold_parity seed=5 cases=20 ")
    assert '"wrong": 0' in (folder / "build" / "drills.jsonl").read_text(encoding="utf-8")


def messy_session(seed: int, size: int = 300) -> tuple[list[bytes], Rows]:
    """Make a session without late or refused rows; give its records and the trades as last corrected."""
    random = np.random.default_rng(seed)
    truth = np.zeros(size, ENTRY)
    truth["instrument_id"], truth["session_date"] = random.integers(1, 4, size), SESSION
    truth["source"], truth["source_seq"] = random.integers(1, 3, size), random.permutation(size) * 2
    arrival = np.sort(random.integers(10, 400, size))
    truth["event_time"] = (arrival - random.integers(0, 10, size)) * SECOND
    truth["price"], truth["quantity"] = random.integers(1, 20, size) * 5000, random.integers(1, 9, size) * 100
    out = [OPEN]
    for second in range(10, 401):
        here = np.flatnonzero(arrival == second)
        out.append(encode_trades(truth[here]))
        for place in here[random.random(len(here)) < 0.2]:
            new = truth[place : place + 1].copy()
            new["corrects_seq"], new["source_seq"] = new["source_seq"], new["source_seq"] + 1
            new["price"], new["quantity"] = random.integers(1, 20) * 5000, random.integers(0, 3) * 100
            out.append(encode_corrections(new))
            truth["price"][place], truth["quantity"][place] = new["price"][0], new["quantity"][0]
        out.append(clock(second))
    return [*out, clock(401, flags=ClockFlag.ENDS)], truth


def last_revisions(bars: Rows) -> list[tuple[int, ...]]:
    """Keep the highest revision of each bar, without those that corrections emptied."""
    last = {(bar["instrument_id"], bar["bar_start"]): bar for bar in bars}
    return sorted(tuple(int(bar[name]) for name in BARS) for bar in last.values() if bar["trade_count"])


def batch(trades: Rows) -> list[tuple[int, ...]]:
    """Fold trades at once."""
    seq = trades["source"].astype(np.int64) << 48 | trades["source_seq"]
    columns = [np.ascontiguousarray(trades[name]) for name in ("instrument_id", "event_time", "price", "quantity")]
    bars = fold_bars(columns[0], columns[1], seq, columns[2], columns[3], PARAMETERS[0])
    return list(zip(*(bars[name].tolist() for name in BARS), strict=True))


@pytest.mark.parametrize("seed", range(10))
def test_the_last_revisions_are_the_bars_of_the_trades_in_event_order(seed: int) -> None:
    given, truth = messy_session(seed)
    out = feed(NATIVE.BarFold(*PARAMETERS[:3], 1000, 1, 0), *given)
    assert [len(out[kind]) for kind in (Kind.LATE, Kind.REFUSED, Kind.DUPLICATE)] == [0, 0, 0]
    assert last_revisions(out[Kind.BAR]) == batch(truth)


ORACLE = """
    SELECT instrument_id, event_time // 60000000000 * 60000000000 AS bar_start,
           first(price ORDER BY event_time, source, source_seq), max(price), min(price),
           last(price ORDER BY event_time, source, source_seq),
           sum(quantity)::BIGINT, sum(price * quantity)::BIGINT, count(*)
    FROM trades WHERE quantity > 0 GROUP BY ALL ORDER BY ALL
"""


@pytest.mark.parametrize("seed", range(10, 15))
def test_the_last_revisions_are_the_bars_of_an_independent_engine(seed: int) -> None:
    given, truth = messy_session(seed)
    out = feed(NATIVE.BarFold(*PARAMETERS[:3], 1000, 1, 0), *given)
    trades = pa.table({name: np.ascontiguousarray(truth[name]) for name in ENTRY.names or ()})
    with duckdb.connect() as engine:
        engine.register("trades", trades)
        assert last_revisions(out[Kind.BAR]) == engine.execute(ORACLE).fetchall()
