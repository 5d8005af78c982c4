"""The bar fold over random sessions: twin, replay, truth and oracle equality."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from spark_apps.errors import StateMismatch
from spark_apps.kernels import NATIVE, choose
from spark_apps.kernels.layouts import BAR_OUT, ENTRY, ClockFlag, Kind, Rows
from spark_apps.kernels.records import encode_trades
from spark_apps.kernels.reference_bars import BarFold
from spark_apps.kernels.reference_means import Ema
from spark_apps.kernels.reference_trades import Trade
from spark_apps.tables.indicators import CHOSEN
from tests.drills import verdict
from tests.drills.cases import Case, random_case
from tests.drills.fold_parity import Block, fold_block, main, run
from tests.drills.fold_tally import Made, Tally
from tests.drills.truth import ACCEPTED, FIELDS, Bars, batch_bars, last_revisions, oracle_bars
from tests.kernels.session import OPEN, PARAMETERS, SECOND, SESSION, clock, entry, feed
from tests.kernels.wire import encode_corrections

KERNELS, TWIN = choose("preferred"), choose("off")

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
    expected = run(case, TWIN, case.cuts[0], restores=False)
    assert expected == run(case, KERNELS, case.cuts[1], restores=False)
    assert expected == run(case, KERNELS, case.cuts[1], restores=True)
    assert expected == run(case, TWIN, case.cuts[1], restores=True)


def test_the_drill_finds_a_lost_record() -> None:
    case = random_case(np.random.default_rng(3))
    less = case._replace(records=[*case.records[:-1], b""])
    assert run(case, KERNELS, case.cuts[0], restores=False) != run(less, KERNELS, case.cuts[0], restores=False)


def tally_of(outcome: Made, case: Case) -> tuple[tuple[int, int], tuple[int, int], int]:
    """Give what the drill counts of one case: lost and wrong against the batch fold and the oracle, and repeated."""
    tally = Tally()
    tally.add(0, case, outcome)
    against = tally.differences(KERNELS)
    return against.bars, against.oracle, tally.counts["repeated"]


def test_the_drill_counts_bars_that_are_lost_doubled_or_wrong() -> None:
    records = [OPEN, encode_trades(np.array([entry(1, 5), entry(2, 6, 110)], ENTRY))]
    case = Case(PARAMETERS, records, ([0, 2], [0, 2]), indicators=())
    made = run(case, KERNELS, case.cuts[0], restores=False)
    bar, _ = made.last  # and how far the partition has come
    untrue = bytearray(bar)
    untrue[len(bar) - BAR_OUT.itemsize + BAR_OUT.fields["close"][1]] += 1  # type: ignore[index]  # a record has fields
    assert tally_of(made, case) == ((0, 0), (0, 0), 0)
    assert tally_of(made._replace(last=[]), case) == ((1, 0), (1, 0), 0)
    assert tally_of(made._replace(last=[bar, bar]), case) == ((0, 0), (0, 0), 1)
    assert tally_of(made._replace(last=[bytes(untrue)]), case) == ((0, 1), (0, 1), 0)


def test_the_drill_counts_indicators_that_are_lost_doubled_or_wrong() -> None:
    records = [OPEN, encode_trades(np.array([entry(1, 5), entry(2, 65, 110)], ENTRY))]
    case = Case(PARAMETERS, records, ([0, 2], [0, 2]))
    made = run(case, KERNELS, case.cuts[0], restores=False)

    def counted(*last: bytes) -> tuple[tuple[int, int], int]:
        tally = Tally()
        tally.add(0, case, made._replace(last=list(last)))
        return tally.differences(KERNELS).indicators, tally.counts["repeated"]

    *rest, indicators, _ = made.last
    # OBV stands in the row before it warms up no longer: its last bit is turned.
    untrue = bytearray(indicators)
    untrue[len(indicators) - 8 * (len(CHOSEN) - CHOSEN.index("obv"))] ^= 1
    assert counted(*rest, indicators) == ((0, 0), 0)
    assert counted(*rest) == ((1, 0), 0)
    assert counted(*rest, indicators, indicators) == ((0, 0), 1)
    assert counted(*rest, bytes(untrue)) == ((0, 1), 0)


def test_the_drill_keeps_what_it_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(verdict, "RESULTS", tmp_path / "drills.jsonl")
    monkeypatch.setattr("sys.argv", ["fold_parity", "--cases", "300", "--seed", "5", "--twin", "3"])
    assert main() == 0
    kept = json.loads((tmp_path / "drills.jsonl").read_text(encoding="utf-8"))
    assert {name: kept[name] for name in ("drill", "cases", "lost", "doubled", "wrong", "passed")} == {
        "drill": "fold_parity", "cases": 300, "lost": 0, "doubled": 0, "wrong": 0, "passed": True,
    }  # fmt: skip
    assert capsys.readouterr().out.startswith("# cases=300 kernels=")


def test_the_same_cases_give_the_same_hash_of_rows_and_others_another() -> None:
    one, again, other = (fold_block(Block(seed, 0, 20, 7)) for seed in (5, 5, 6))
    assert one == again
    assert one.digest != other.digest


def in_other_words(self: Ema, x: float, number: int) -> float:
    """Carry an exponential mean by the same formula, its sum in another order."""
    if number >= self.n:
        self.value = x * (2.0 / (self.n + 1)) + self.value * (1.0 - 2.0 / (self.n + 1))
    elif number >= 0:
        self.value += x
        if number == self.n - 1:
            self.value /= float(self.n)
    return self.value


def test_the_drill_finds_a_float_that_is_reckoned_in_another_order(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there is no compiler the twin stands for both."""
    monkeypatch.setattr(Ema, "push", in_other_words)
    counts = fold_block(Block(1, 0, 60, 1)).counts
    assert (counts["unlike"] > 0, counts["bars_wrong"]) == (NATIVE, 0)


def test_the_drill_finds_a_tie_that_is_broken_the_other_way(monkeypatch: pytest.MonkeyPatch) -> None:
    """The batch folds break ties in C++ or NumPy, the other engine in SQL: neither goes by this place."""
    monkeypatch.setattr(Trade, "place", lambda trade: (trade.event_time, -trade.source, -trade.source_seq))
    monkeypatch.setattr("tests.drills.fold_parity.choose", lambda _: TWIN)
    counts = fold_block(Block(1, 0, 60, 1)).counts
    assert (counts["bars_wrong"] > 0, counts["oracle_wrong"] > 0) == (True, True)


@pytest.mark.parametrize("place", [0, 11, -1])
def test_the_drill_finds_a_state_byte_that_is_lost(place: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A section that lacks a byte of its header or body is refused, so that the drill ends there."""
    whole = BarFold.touched
    monkeypatch.setattr(BarFold, "touched", lambda fold: [(key, without(place, one)) for key, one in whole(fold)])
    monkeypatch.setattr("tests.drills.fold_parity.choose", lambda _: TWIN)
    with pytest.raises(StateMismatch, match="state section"):
        fold_block(Block(1, 0, 60, 1))


def without(place: int, section: bytes) -> bytes:
    """Leave out one byte."""
    return section[:place] + section[place:][1:]


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


def as_accepted(truth: Rows) -> Rows:
    """Give trades as they were last corrected the form of accepted ones."""
    rows = np.zeros(len(truth), ACCEPTED)
    rows["width"] = PARAMETERS[0]
    for name in FIELDS:
        rows[name] = truth[name]
    return rows


def streamed(given: list[bytes]) -> Bars:
    """Fold a session that has no late, refused and duplicate rows to the last revisions of its bars."""
    out = feed(KERNELS.BarFold(*PARAMETERS[:3], 1000, 1, 0), *given)
    assert [len(out[kind]) for kind in (Kind.LATE, Kind.REFUSED, Kind.DUPLICATE)] == [0, 0, 0]
    return last_revisions(0, out[Kind.BAR])[0]


@pytest.mark.parametrize("seed", range(10))
def test_the_last_revisions_are_the_bars_of_the_trades_in_event_order(seed: int) -> None:
    given, truth = messy_session(seed)
    assert streamed(given) == batch_bars(as_accepted(truth), KERNELS)


@pytest.mark.parametrize("seed", range(10, 15))
def test_the_last_revisions_are_the_bars_of_an_independent_engine(seed: int) -> None:
    given, truth = messy_session(seed)
    assert streamed(given) == oracle_bars(as_accepted(truth))
