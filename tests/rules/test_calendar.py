"""The calendar against the published lists, and the clock of a session."""

from datetime import date

import pytest

from spark_apps.errors import RuleViolated
from spark_apps.rules import calendar


def closed_weekdays(year: int, exchange: str = "") -> str:
    days = sorted(day for day in calendar.closures(exchange) if day.year == year)
    return " ".join(day.strftime("%m-%d") for day in days if day.weekday() < 5)


@pytest.mark.parametrize(
    ("year", "published"),
    [
        (2015, "01-01 01-02 02-16 02-17 02-18 02-19 02-20 02-23 04-28 04-29 04-30 05-01 09-02"),
        (2018, "01-01 02-14 02-15 02-16 02-19 02-20 04-25 04-30 05-01 09-03 12-31"),
        (2020, "01-01 01-23 01-24 01-27 01-28 01-29 04-02 04-30 05-01 09-02"),
        (2025, "01-01 01-27 01-28 01-29 01-30 01-31 04-07 04-30 05-01 05-02 09-01 09-02"),
        (2026, "01-01 01-02 02-16 02-17 02-18 02-19 02-20 04-27 04-30 05-01 08-31 09-01 09-02 11-24"),
    ],
)
def test_closures_are_those_that_were_published(year: int, published: str) -> None:
    assert closed_weekdays(year) == published


@pytest.mark.parametrize(
    ("year", "count"),
    [(2015, 248), (2016, 251), (2017, 250), (2018, 248), (2019, 250), (2020, 252), (2021, 250), (2022, 249)],
)  # fmt: skip
def test_a_year_has_as_many_sessions_as_the_index_has_rows(year: int, count: int) -> None:
    days = calendar.sessions(date(year, 1, 1), date(year, 12, 31))
    assert sum(calendar.is_session(day, "HOSE") for day in days) == count


def test_hose_alone_was_closed_for_two_days_of_2018() -> None:
    assert calendar.is_session(date(2018, 1, 23), "HNX")
    assert not calendar.is_session(date(2018, 1, 23), "HOSE")
    assert calendar.is_session(date(2018, 1, 23))


def test_no_session_falls_on_a_weekend() -> None:
    assert not calendar.is_session(date(2026, 11, 21))
    assert not calendar.is_session(date(2026, 11, 22))


def test_sessions_around_the_lunar_new_year_skip_it() -> None:
    assert calendar.next_session(date(2026, 2, 13)) == date(2026, 2, 23)
    assert calendar.previous_session(date(2026, 2, 23)) == date(2026, 2, 13)


def test_an_older_closure_is_known() -> None:
    assert not calendar.is_session(date(2008, 4, 14))
    assert calendar.is_session(date(2008, 4, 15))


def test_a_moment_after_midnight_in_hanoi_belongs_to_the_new_day() -> None:
    monday_in_hanoi = calendar.at(date(2026, 11, 23), "00:00")
    assert calendar.session_of(monday_in_hanoi) == date(2026, 11, 23)
    assert calendar.session_of(monday_in_hanoi - 1) is None


def test_a_moment_beyond_the_year_9999_has_no_session() -> None:
    assert calendar.session_of(10**21) is None


def test_exchange_time_is_seven_hours_ahead_of_utc() -> None:
    assert calendar.at(date(1970, 1, 1), "07:00") == 0
    assert calendar.at(date(2026, 11, 20), "14:45:00.000001") == 1_795_160_700_000_001_000


def test_futures_open_a_quarter_of_an_hour_before_shares() -> None:
    day = date(2026, 2, 27)
    assert calendar.session_opens_at("DERIVATIVES", day) == calendar.at(day, "08:45")
    assert calendar.session_opens_at("HOSE", day) == calendar.at(day, "09:00")


def test_each_exchange_closes_at_its_own_time() -> None:
    day = date(2026, 11, 20)
    assert calendar.session_closes_at("DERIVATIVES", day) == calendar.at(day, "14:45")
    assert calendar.session_closes_at("UPCOM", day) == calendar.at(day, "15:00")


def test_hnx_has_no_opening_auction_and_upcom_has_no_closing_one() -> None:
    day = date(2026, 11, 20)
    assert next(name for name, _, _ in calendar.phases("HNX", day)) == "continuous"
    assert {name for name, _, _ in calendar.phases("UPCOM", day)} == {"continuous"}


def test_a_day_before_the_known_phases_is_refused_by_name() -> None:
    with pytest.raises(RuleViolated, match=r"phases.csv: no row for HOSE on 2010-01-04; add a dated row"):
        calendar.phases("HOSE", date(2010, 1, 4))
