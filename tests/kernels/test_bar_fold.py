"""The bar fold, by hand: what each record causes."""

import pytest

from spark_apps.errors import BadSetting, SchemaMismatch
from spark_apps.kernels import Kernels
from spark_apps.kernels.layouts import ClockFlag, Kind
from spark_apps.kernels.reasons import REASONS
from spark_apps.kernels.records import join
from spark_apps.kernels.reference_bars import BarFold
from tests.kernels.session import OPEN, PARAMETERS, SECOND, SESSION, bars_of, clock, corrections, entry, feed, trades

ENDS = ClockFlag.ENDS


def reasons(fold: BarFold, kind: Kind, *records: bytes) -> list[str]:
    """Name the rules that the records break."""
    return [REASONS[reason] for reason in feed(fold, *records)[kind]["reason"]]


def test_five_trades_make_one_bar(fold: BarFold) -> None:
    five = [entry(n, 10 * n, price, n) for n, price in enumerate((100, 120, 80, 90, 110), 1)]
    out = feed(fold, OPEN, trades(*five[:3]), clock(31), trades(*five[3:]), clock(60))
    assert bars_of(out[Kind.BAR]) == [(0, 0, 100, 120, 80, 110, 15, 100 + 240 + 240 + 360 + 550, 5)]


def test_a_trade_on_the_minute_opens_the_next_bar(fold: BarFold) -> None:
    out = feed(fold, OPEN, trades(entry(1, 59.999), entry(2, 60)), clock(120))
    assert [bar[0] for bar in bars_of(out[Kind.BAR])] == [0, 60]


def test_trades_of_one_instant_follow_source_then_number(fold: BarFold) -> None:
    out = feed(fold, OPEN, trades(entry(1, 5, 30, source=2), entry(9, 5, 20), entry(3, 5, 10)), clock(60))
    assert bars_of(out[Kind.BAR])[0][2:6] == (10, 30, 10, 30)


def test_bars_of_one_clock_come_by_instrument_then_start(fold: BarFold) -> None:
    mixed = [entry(1, 65, instrument_id=2), entry(2, 5, instrument_id=2), entry(1, 65), entry(2, 5)]
    out = feed(fold, OPEN, trades(*mixed), clock(120))[Kind.BAR]
    assert [(row["instrument_id"], row["bar_start"] // SECOND) for row in out] == [(1, 0), (1, 60), (2, 0), (2, 60)]
    assert out["ordinal"].tolist() == [0, 1, 2, 3]


def test_a_row_names_its_cause_and_when_it_could_be_known(fold: BarFold) -> None:
    row = feed(fold, OPEN, trades(entry(1, 5)), clock(61), offset=40)[Kind.BAR][0]
    assert (row["generation"], row["input_partition"], row["input_offset"]) == (3, 7, 42)
    assert (row["available_at"], row["session_date"]) == (61 * SECOND, SESSION)


def test_a_late_trade_inside_the_bound_revises_its_bar_at_once(fold: BarFold) -> None:
    out = feed(fold, OPEN, trades(entry(1, 58)), clock(60), trades(entry(2, 55, 90, 1)))
    assert bars_of(out[Kind.BAR])[1] == (0, 1, 90, 100, 90, 100, 11, 1090, 2)
    assert out[Kind.BAR]["input_offset"].tolist() == [2, 3]


def test_a_late_trade_whose_bar_never_was_waits_for_the_next_clock(fold: BarFold) -> None:
    out = feed(fold, OPEN, clock(60), trades(entry(1, 58)), clock(61))
    assert out[Kind.BAR]["input_offset"].tolist() == [3]


def test_a_revision_starts_from_the_settled_part(fold: BarFold) -> None:
    out = feed(
        fold, OPEN, trades(entry(1, 5, 70)), clock(59), trades(entry(2, 52, 90)), clock(60), trades(entry(3, 51))
    )
    assert bars_of(out[Kind.BAR])[1] == (0, 1, 70, 100, 70, 90, 30, 2600, 3)


def test_a_trade_beyond_the_bound_is_late(fold: BarFold) -> None:
    assert reasons(fold, Kind.LATE, OPEN, clock(60), trades(entry(1, 49.9), entry(2, 50))) == ["arrives_within_bound"]


def test_a_trade_of_an_earlier_session_is_late(fold: BarFold) -> None:
    assert reasons(fold, Kind.LATE, OPEN, trades(entry(1, 5, session_date=SESSION - 1))) == ["arrives_within_bound"]


@pytest.mark.parametrize(
    ("rule", "broken"),
    [
        ("price_is_on_tick", entry(1, 5, verdict=22)),
        ("session_is_open", entry(1, 5, session_date=SESSION + 1)),
        ("price_is_positive", entry(1, 5, price=0)),
        ("quantity_is_positive", entry(1, 5, quantity=0)),
        ("quantity_is_positive", entry(1, 5, quantity=-1)),
        ("amount_is_in_range", entry(1, 5, price=1 << 40, quantity=1 << 40)),
        ("event_is_not_ahead_of_clock", entry(1, 120.1)),
        ("record_is_readable", entry(1, 5, instrument_id=0)),
    ],
)
def test_an_entry_that_breaks_a_rule_is_refused_by_name(fold: BarFold, rule: str, broken: tuple[int, ...]) -> None:
    assert reasons(fold, Kind.REFUSED, OPEN, trades(broken)) == [rule]


def test_before_the_first_session_everything_is_refused(fold: BarFold) -> None:
    assert reasons(fold, Kind.REFUSED, clock(5), trades(entry(1, 5))) == ["session_is_open"]


def test_a_refused_entry_is_passed_on_as_it_came(fold: BarFold) -> None:
    row = feed(fold, OPEN, trades(entry(8, 5, -3, 4, corrects_seq=6)))[Kind.REFUSED][0]
    assert (row["source_seq"], row["corrects_seq"], row["price"], row["quantity"]) == (8, 6, -3, 4)


@pytest.mark.parametrize(
    "record", [b"", b"\x01", trades(entry(1, 5))[:-1], clock(-1), join([OPEN])[0].tobytes() + b"x"]
)
def test_an_unreadable_record_is_one_refused_row(fold: BarFold, record: bytes) -> None:
    rows = feed(fold, OPEN, record)[Kind.REFUSED]
    assert [REASONS[reason] for reason in rows["reason"]] == ["record_is_readable"]


def test_a_number_seen_before_is_a_duplicate_even_when_late(fold: BarFold) -> None:
    out = feed(fold, OPEN, trades(entry(1, 5)), clock(60), trades(entry(1, 5), entry(1, 5, source=2)))
    assert (len(out[Kind.DUPLICATE]), len(out[Kind.LATE])) == (1, 1)


def test_a_full_tail_refuses_trades_but_takes_corrections(fold: BarFold) -> None:
    full = [entry(n, 50 + n) for n in range(1, 7)]
    out = feed(fold, OPEN, trades(*full), corrections(entry(7, 55, 1, 1, corrects_seq=1)), clock(60))
    assert [REASONS[reason] for reason in out[Kind.REFUSED]["reason"]] == ["tail_has_room"]
    assert bars_of(out[Kind.BAR]) == [(0, 0, 1, 100, 1, 100, 41, 4001, 5)]


def test_a_correction_replaces_price_and_quantity_at_the_place_of_the_trade(fold: BarFold) -> None:
    first, second = trades(entry(1, 55), entry(2, 56)), corrections(entry(3, 58, 90, 1, corrects_seq=1))
    assert bars_of(feed(fold, OPEN, first, second, clock(60))[Kind.BAR]) == [(0, 0, 90, 100, 90, 100, 11, 1090, 2)]


def test_the_correction_with_the_highest_number_wins(fold: BarFold) -> None:
    two = corrections(entry(9, 58, 90, corrects_seq=1), entry(8, 58, 80, corrects_seq=1))
    assert bars_of(feed(fold, OPEN, trades(entry(1, 55)), two, clock(60))[Kind.BAR])[0][5] == 90


def test_a_cancelled_bar_keeps_its_last_prices_and_counts_nothing(fold: BarFold) -> None:
    cancel, revive = (corrections(entry(n, 58, 70, n - 2, corrects_seq=1)) for n in (2, 3))
    out = feed(fold, OPEN, trades(entry(1, 55)), clock(60), cancel, revive)
    assert bars_of(out[Kind.BAR])[1:] == [(0, 1, 100, 100, 100, 100, 0, 0, 0), (0, 2, 70, 70, 70, 70, 1, 70, 1)]


def test_a_bar_emptied_before_it_closed_never_comes(fold: BarFold) -> None:
    cancel = corrections(entry(2, 58, 70, 0, corrects_seq=1))
    assert bars_of(feed(fold, OPEN, trades(entry(1, 55)), cancel, clock(60))[Kind.BAR]) == []


def test_a_correction_that_changes_nothing_makes_no_revision(fold: BarFold) -> None:
    out = feed(fold, OPEN, trades(entry(1, 55)), clock(60), corrections(entry(2, 58, corrects_seq=1)))
    assert len(out[Kind.BAR]) == 1


def test_a_correction_of_a_settled_trade_is_late(fold: BarFold) -> None:
    late = corrections(entry(2, 58, corrects_seq=1))
    assert reasons(fold, Kind.LATE, OPEN, trades(entry(1, 5)), clock(60), late) == ["arrives_within_bound"]


def test_a_correction_of_an_unknown_trade_is_refused(fold: BarFold) -> None:
    assert reasons(fold, Kind.REFUSED, OPEN, corrections(entry(2, 5, corrects_seq=1))) == ["corrected_trade_is_known"]


def test_the_end_closes_every_bar_and_makes_later_trades_late(fold: BarFold) -> None:
    out = feed(fold, OPEN, trades(entry(1, 5), entry(2, 65)), clock(10, flags=ENDS), trades(entry(3, 70)))
    assert [bar[0] for bar in bars_of(out[Kind.BAR])] == [0, 60]
    assert len(out[Kind.LATE]) == 1


def test_a_new_session_finishes_the_old_one_and_forgets_its_numbers(fold: BarFold) -> None:
    tomorrow = clock(90000, SESSION + 1, ClockFlag.OPENS)
    again = trades(entry(1, 90000, session_date=SESSION + 1))
    out = feed(fold, OPEN, trades(entry(1, 5)), tomorrow, again, clock(90060, SESSION + 1))
    assert out[Kind.BAR]["session_date"].tolist() == [SESSION, SESSION + 1]
    assert out[Kind.BAR]["available_at"].tolist() == [90000 * SECOND, 90060 * SECOND]


def test_a_feed_that_restarts_opens_nothing_anew(fold: BarFold) -> None:
    out = feed(fold, OPEN, trades(entry(1, 5)), OPEN, clock(60, SESSION - 1, ClockFlag.OPENS), trades(entry(1, 5)))
    assert (len(out[Kind.DUPLICATE]), len(out[Kind.BAR])) == (1, 0)


def test_sums_stay_at_the_highest_number(kernels: Kernels) -> None:
    fold = kernels.BarFold(60 * SECOND, 10 * SECOND, 0, 1000, 1, 0)
    largest = [entry(n, 0, 1, 1 << 56) for n in range(200)]
    assert feed(fold, OPEN, trades(*largest), clock(60))[Kind.BAR]["volume"][0] == 2**63 - 1


def test_a_parameter_out_of_range_is_refused(kernels: Kernels) -> None:
    with pytest.raises(BadSetting, match="width is 0"):
        kernels.BarFold(0, *PARAMETERS[1:])


def test_offsets_that_do_not_rise_are_refused(fold: BarFold) -> None:
    data, bounds = join([OPEN, OPEN])
    with pytest.raises(SchemaMismatch, match="do not rise"):
        fold.apply(bounds[:2] * 0, data, bounds)


def test_bounds_beyond_the_data_are_refused(fold: BarFold) -> None:
    data, bounds = join([OPEN])
    with pytest.raises(SchemaMismatch, match="do not cut"):
        fold.apply(bounds[:1], data[:-1], bounds)
