"""The second fold over random sessions in several partitions: twin, mixing, restarts, the batch of the same bars."""

import numpy as np
import pytest

from spark_apps.errors import BadSetting, SchemaMismatch, StateMismatch
from spark_apps.kernels import Kernels, choose
from spark_apps.kernels.layouts import BAR_OUT, PROGRESS_OUT, ClockFlag, Kind, Rows
from spark_apps.kernels.output_records import split_outputs
from spark_apps.kernels.records import cut, encode, join
from spark_apps.kernels.sections import CROSS_FOLD, SECTION, seal
from tests.drills import cross_cases
from tests.drills.cases import Case, random_case
from tests.drills.cross_cases import batch_standings, fold_of, given, last_bars, last_standings, mixed, run
from tests.drills.signal_truth import last_signals
from tests.kernels.session import OPEN, SECOND, SESSION, clock, corrections, entry, trades

NATIVE, TWIN = choose("preferred"), choose("off")
PARAMETERS = (60 * SECOND, 10 * SECOND, 120 * SECOND, 50, 3, 7)


def longer_case(random: np.random.Generator) -> Case:
    """Make a case with enough minutes to warm up."""
    parts = [random_case(random) for _ in range(4)]
    width = int(random.integers(1, 4)) * SECOND
    records = [one for part in parts for one in part.records]
    return Case((width, *parts[0].parameters[1:]), records, ([0], [0]), ())


def cuts(random: np.random.Generator, count: int) -> list[int]:
    return [0, *np.flatnonzero(random.random(count) < 0.1).tolist(), count]


@pytest.mark.parametrize("seed", range(25))
def test_rows_and_state_are_the_same_however_partitions_and_calls_are_cut(seed: int) -> None:
    random = np.random.default_rng(seed)
    case, partitions = longer_case(random), int(random.integers(1, 4))
    lanes = given(case, partitions, NATIVE)
    first, second = mixed(lanes, random), mixed(lanes, random)
    expected = run(case, partitions, TWIN, first, cuts(random, len(first)), restores=False)
    assert expected == run(case, partitions, NATIVE, first, cuts(random, len(first)), restores=True)
    assert expected == run(case, partitions, NATIVE, second, cuts(random, len(second)), restores=False)
    assert expected == run(case, partitions, TWIN, second, cuts(random, len(second)), restores=True)


@pytest.mark.parametrize("first_seed", range(100, 140, 10))
def test_the_last_revisions_are_the_batch_of_the_last_bars_with_any_number_of_partitions(first_seed: int) -> None:
    compared = signals = 0
    for seed in range(first_seed, first_seed + 10):
        random = np.random.default_rng(seed)
        case, found = longer_case(random), []
        for partitions in (1, 3):
            lanes = given(case, partitions, NATIVE)
            records = mixed(lanes, random)
            made = run(case, partitions, NATIVE, records, [0, len(records)], restores=False)
            found.append(last_standings(made.outputs))
            assert found[-1] == batch_standings(last_bars(lanes), NATIVE)
            books = cross_cases.begun_books(cross_cases.handed_on(lanes))
            said, _ = last_signals(0, split_outputs(*join(made.outputs))[Kind.CROSS_SIGNAL])
            judged = cross_cases.batch_cross_signals(found[-1], books, case.parameters[0], NATIVE)
            assert {key: says for key, says in said.items() if key[1] in books} == judged
            signals += len(judged)
        assert found[0] == found[1]
        compared += len(found[0])
    assert (compared > 50, signals > 10) == (True, True)


def test_the_drill_counts_standings_that_are_lost_or_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    def counted(seed: int) -> dict[str, int]:
        tally, random = cross_cases.Tally(), np.random.default_rng(seed)
        tally.add(longer_case(random), random, TWIN, NATIVE)
        return dict(tally.counts)

    assert (counted(7)["standings_lost"], counted(7)["standings_wrong"]) == (0, 0)
    whole, calls = mixed, list[int]()

    def lossy(lanes: list[list[bytes]], random: np.random.Generator) -> list[bytes]:
        """Lose the last bar of the second fold's second run."""
        records = whole(lanes, random)
        calls.append(1)
        bars = [place for place, record in enumerate(records) if record[0] == Kind.BAR]
        lost = {records[bars[-1]]} if len(calls) == 2 else set()
        return [record for record in records if record not in lost]

    monkeypatch.setattr(cross_cases, "mixed", lossy)
    found = counted(7)
    assert found["standings_lost"] + found["standings_wrong"] > 1


def standings(kernels: Kernels, *lanes: list[bytes]) -> Rows:
    """Fold the records of each partition to bars, and these to standings."""
    case = Case(PARAMETERS, [], ([0], [0]), ())
    records: list[bytes] = []
    for number, lane in enumerate(lanes):
        fold = kernels.BarFold(*PARAMETERS[:5], number)
        records += cut(*fold.apply(np.arange(len(lane)), *join(lane)))
    data, bounds, _ = fold_of(case, len(lanes), kernels).apply(*join(records))
    return split_outputs(data, bounds)[Kind.STANDING]


def said(rows: Rows) -> list[tuple[int, ...]]:
    """Give standings as (instrument, start in seconds, revision, available_at in seconds, peers)."""
    names = ["instrument_id", "bar_start", "revision", "available_at", "peers"]
    return [
        (one, start // SECOND, revision, at // SECOND, peers)
        for one, start, revision, at, peers in rows[names].tolist()
    ]


MINUTES = [clock(60 * minute) for minute in range(1, 5)]


def test_a_minute_waits_for_every_partition(kernels: Kernels) -> None:
    own = [OPEN, trades(entry(1, 5)), *MINUTES]
    other = [OPEN, trades(entry(1, 6, instrument_id=2)), clock(59)]
    assert said(standings(kernels, own, other)) == []
    assert said(standings(kernels, own, [*other, clock(60)])) == [(1, 0, 0, 60, 0), (2, 0, 0, 60, 0)]


def test_late_trades_revise_every_bar_that_stands_otherwise_once_when_it_settles(kernels: Kernels) -> None:
    own = [OPEN]
    for minute in range(4):
        own += [trades(entry(minute, 60 * minute + 30)), clock(60 * (minute + 1))]
    own += [trades(entry(9, 239, 200)), clock(245), trades(entry(10, 238, 300)), clock(250)]
    other = [OPEN]
    for minute in range(4):
        other += [trades(entry(minute, 60 * minute + 30, 100 + minute, instrument_id=2)), clock(60 * (minute + 1))]
    rows = standings(kernels, own, [*other, clock(250)])
    revised = [row for row in said(rows) if row[2] == 1]
    assert revised == [(1, 180, 1, 250, 2), (2, 180, 1, 250, 2)]
    assert rows["move_rank_15"][-2:].tolist() == [1.0, 0.0]


def test_a_bar_that_corrections_emptied_is_taken_back(kernels: Kernels) -> None:
    own = [OPEN, trades(entry(1, 55)), clock(60), corrections(entry(2, 55, 1, 0, corrects_seq=1)), clock(70)]
    rows = standings(kernels, own)
    assert said(rows) == [(1, 0, 0, 60, 0), (1, 0, 1, 70, -1)]
    assert np.isnan(rows["value_rank"][1])


def test_a_session_under_way_is_passed_over_until_the_next_opens(kernels: Kernels) -> None:
    def day(session: int, second: float) -> list[bytes]:
        opens = clock(second, session, ClockFlag.OPENS)
        traded = trades(entry(1, second + 5, session_date=session))
        return [opens, traded, clock(second + 60, session), clock(second + 61, session, ClockFlag.ENDS)]

    lane = [*day(20, 0), *day(21, 86_400)]
    fold = kernels.BarFold(*PARAMETERS[:5], 0)
    records = cut(*fold.apply(np.arange(len(lane)), *join(lane)))
    case = Case(PARAMETERS, [], ([0], [0]), ())
    late = fold_of(case, 1, kernels).apply(*join(records[1:]))[:2]
    assert split_outputs(*late)[Kind.STANDING]["session_date"].tolist() == [21]


def test_what_is_of_another_generation_or_no_bar_changes_nothing(kernels: Kernels) -> None:
    case = Case(PARAMETERS, [], ([0], [0]), ())
    lane = [OPEN, trades(entry(1, 5)), trades(entry(1, 5)), clock(60)]
    other = cut(*kernels.BarFold(*PARAMETERS[:4], 2, 0).apply(np.arange(4), *join(lane)))
    beyond = cut(*kernels.BarFold(*PARAMETERS[:4], 3, 1).apply(np.arange(4), *join(lane)))
    fold = fold_of(case, 1, kernels)
    assert [number for number, _ in fold.touched()] == [0, 1, 2, 3, 4]  # what is stored first holds every section
    bar, progress = np.zeros(1, BAR_OUT), np.zeros(1, PROGRESS_OUT)
    for row in (bar, progress):
        row["generation"], row["input_offset"] = 3, 9
    priceless, endless, late = bar.copy(), bar.copy(), progress.copy()
    priceless["trade_count"], endless["bar_start"], late["market_time"] = 1, (1 << 63) - 1, -(1 << 63)
    strange = [encode(Kind.BAR, priceless), encode(Kind.BAR, endless), encode(Kind.PROGRESS, late)]
    reserved = bytearray(encode(Kind.PROGRESS, progress))
    reserved[2] = 1
    assert len(fold.apply(*join([*other, *beyond, *strange, bytes(reserved), b"", b"no record of any fold"]))[0]) == 0
    assert fold.touched() == []
    fold.apply(*join([encode(Kind.PROGRESS, progress)]))
    assert fold.touched() != []


def test_a_session_that_not_every_partition_opened_is_passed_over(kernels: Kernels) -> None:
    early = [clock(0, 20, ClockFlag.OPENS), trades(entry(1, 5)), clock(60, 20)]
    both = [clock(86_400, 21, ClockFlag.OPENS), trades(entry(2, 86_405, session_date=21)), clock(86_460, 21)]
    rows = standings(kernels, both, [*early, *both])
    assert set(rows["session_date"].tolist()) == {21}


@pytest.mark.parametrize("partitions", [0, -1])
def test_a_fold_of_no_partition_is_refused(kernels: Kernels, partitions: int) -> None:
    with pytest.raises(BadSetting, match=rf"second fold: partitions is {partitions}; .*\[kafka\]"):
        kernels.CrossFold(partitions, 60, 0, 1, 1, 1)


def test_bounds_that_do_not_cut_the_data_are_refused(kernels: Kernels) -> None:
    fold = kernels.CrossFold(1, 60, 0, 1, 1, 1)
    for bounds in ([], [0, 5], [3, 1], [-1, 0]):
        with pytest.raises(SchemaMismatch, match="fold_output: bounds of"):
            fold.apply(np.zeros(4, np.uint8), np.array(bounds, np.int64))


def sections(kernels: Kernels) -> dict[int, bytes]:
    """Give the state of a fold that waits for a partition, with a minute in its tail."""
    random = np.random.default_rng(1)
    case = longer_case(random)
    fold = fold_of(case, 2, kernels)
    lanes = given(case, 2, kernels)
    fold.apply(*join([*lanes[0], *lanes[1][: len(lanes[1]) // 2]]))
    return dict(fold.touched())


@pytest.mark.parametrize("number", range(5))
def test_a_state_that_lost_a_byte_is_refused(kernels: Kernels, number: int) -> None:
    held = sections(kernels)
    fold = fold_of(longer_case(np.random.default_rng(1)), 2, kernels)
    fold.restore(held.items())
    with pytest.raises(StateMismatch, match=f"state section {number}: "):
        fold.restore((held | {number: held[number][:-1]}).items())
    with pytest.raises(StateMismatch, match=f"state section {number}: it is missing"):
        fold.restore([(key, section) for key, section in held.items() if key != number])
    assert dict(fold.touched()) == {}


def test_a_whole_section_that_no_fold_wrote_is_refused(kernels: Kernels) -> None:
    fold = fold_of(longer_case(np.random.default_rng(1)), 2, kernels)
    empty = dict(fold.touched())
    _, layout, _, parameters, *_ = np.frombuffer(empty[1], SECTION, 1)[0].tolist()
    before_time = (-2).to_bytes(8, "little", signed=True) + empty[1][SECTION.itemsize + 8 :]
    no_book = np.array([1, 0, 4, 0], "<u4").tobytes()  # one book and no stance; the book is four bytes
    for number, body in ((1, before_time), (1, before_time[:-1]), (4, no_book), (9, b"")):
        strange = seal(CROSS_FOLD, layout, parameters, body)
        with pytest.raises(StateMismatch, match=f"state section {number}: its"):
            fold.restore((empty | {number: strange}).items())


def test_a_moment_told_again_ends_no_bars(kernels: Kernels) -> None:
    bar, progress = np.zeros(1, BAR_OUT), np.zeros(1, PROGRESS_OUT)
    for row in (bar, progress):
        row["generation"], row["session_date"] = 3, SESSION
    bar["instrument_id"], bar["close"], bar["trade_count"] = 1, 10, 1
    progress["flags"] = ClockFlag.OPENS
    fold, given_bars = fold_of(Case(PARAMETERS, [], ([0], [0]), ()), 1, kernels), []
    for offset, (kind, second) in enumerate(
        [(Kind.PROGRESS, 0), (Kind.BAR, 0), (Kind.PROGRESS, 0), (Kind.PROGRESS, 60)]
    ):
        row = bar if kind == Kind.BAR else progress
        row["input_offset"] = offset
        progress["market_time"] = second * SECOND
        given_bars.append(len(fold.apply(*join([encode(kind, row)]))[2]))
    assert given_bars == [0, 0, 0, 1]


def test_a_state_of_other_parameters_is_refused(kernels: Kernels) -> None:
    with pytest.raises(StateMismatch, match="parameters is"):
        kernels.CrossFold(3, 60, 0, 1, 1, 1).restore(sections(kernels).items())
