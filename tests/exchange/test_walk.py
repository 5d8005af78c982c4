"""The simulated market keeps the rules of its exchanges."""

from datetime import date
from itertools import pairwise

import numpy as np
import pytest

from spark_apps.errors import EmptyInput
from spark_apps.exchange.walk import AUCTION, FIRST_SESSION, Trades, daily_path, market_session, trade_session
from spark_apps.rules.bands import price_band
from spark_apps.rules.calendar import at
from spark_apps.rules.instruments import Instrument, simulated_instruments
from spark_apps.rules.ticks import tick_size

DAY = date(2026, 11, 20)
MARKET = market_session(DAY, seed=7, trades_per_session=4_000)


def traded(symbol: str) -> Trades:
    return next(trades for trades in MARKET if trades.instrument.symbol == symbol)


@pytest.mark.parametrize("trades", MARKET, ids=lambda trades: trades.instrument.symbol)
def test_every_trade_is_legal_in_tick_band_and_lot(trades: Trades) -> None:
    exchange, kind = trades.instrument.exchange, trades.instrument.kind
    ceiling, floor = price_band(exchange, kind, trades.day.reference, DAY)
    ticks = [tick_size(exchange, kind, price, DAY) for price in trades.price.tolist()]
    assert trades.tick.tolist() == ticks
    assert not np.any(trades.price % ticks)
    assert floor <= trades.price.min() <= trades.price.max() <= ceiling
    assert not np.any(trades.quantity % 100)
    assert trades.quantity.min() > 0


@pytest.mark.parametrize("trades", MARKET, ids=lambda trades: trades.instrument.symbol)
def test_trades_stand_in_time_order_and_none_falls_into_lunch(trades: Trades) -> None:
    assert np.all(np.diff(trades.event_time) >= 0)
    assert not np.any((trades.event_time >= at(DAY, "11:30")) & (trades.event_time < at(DAY, "13:00")))
    assert at(DAY, "09:00") <= trades.event_time[0] <= trades.event_time[-1] <= at(DAY, "15:00")


def test_a_long_walk_on_a_coarse_grid_stays_within_its_band() -> None:
    trades = trade_session(traded("XBDS").instrument, DAY, seed=7, count=400_000)
    assert (trades.price.min(), trades.price.max()) == (trades.day.floor, trades.day.ceiling)


def test_hose_opens_and_closes_by_auction_at_one_price() -> None:
    trades = traded("XANB")
    opening, closing = trades.event_time == at(DAY, "09:15"), trades.event_time == at(DAY, "14:45")
    assert set(trades.price[opening].tolist()) == {trades.day.open}
    assert set(trades.price[closing].tolist()) == {trades.day.close}
    assert set(trades.side[opening | closing].tolist()) == {AUCTION}
    assert not np.any((trades.event_time > at(DAY, "14:30")) & ~closing)


def test_hnx_trades_after_the_close_at_the_closing_price() -> None:
    trades = traded("XBDS")
    after = trades.event_time > at(DAY, "14:45")
    assert after.any()
    assert set(trades.price[after].tolist()) == {trades.day.close}


def test_upcom_has_no_auction() -> None:
    assert AUCTION not in traded("XBIA").side


def test_the_same_seed_gives_the_same_trades_and_another_seed_others() -> None:
    instrument = simulated_instruments()[0]
    once, again, other = (trade_session(instrument, DAY, seed, 100) for seed in (7, 7, 8))
    assert once.price.tolist() == again.price.tolist()
    assert once.price.tolist() != other.price.tolist()


def test_a_later_end_repeats_the_earlier_days() -> None:
    instrument = simulated_instruments()[4]
    short, long = daily_path(instrument, 7, date(2026, 11, 6)), daily_path(instrument, 7, DAY)
    assert long[: len(short)] == short


@pytest.mark.parametrize("instrument", simulated_instruments()[::5], ids=lambda one: one.symbol)
def test_a_day_closes_within_its_band_and_the_next_one_starts_there(instrument: Instrument) -> None:
    path = daily_path(instrument, 7, DAY)
    assert all(day.floor <= day.close <= day.ceiling for day in path)
    splits = [next_.session_date for day, next_ in pairwise(path) if day.close != next_.reference]
    assert splits == ([date(2026, 9, 15)] if instrument.instrument_id == 11 else [])


def test_a_split_halves_the_reference() -> None:
    path = {day.session_date: day for day in daily_path(simulated_instruments()[10], 7, DAY)}
    ratio = path[date(2026, 9, 14)].close / path[date(2026, 9, 15)].reference
    assert ratio == pytest.approx(2, rel=0.01)


@pytest.mark.parametrize("day", [date(2026, 11, 22), date(2026, 11, 24), date(2022, 12, 30), date(2024, 6, 3)])
def test_a_day_without_a_session_is_refused_with_one_that_has(day: date) -> None:
    with pytest.raises(EmptyInput, match=f"no session on {day}.*Set session_date to one, such as 20") as refused:
        market_session(day, seed=7)
    assert market_session(date.fromisoformat(str(refused.value)[-10:]), seed=7, trades_per_session=1_000)


def test_the_market_begins_on_a_session() -> None:
    assert len(daily_path(simulated_instruments()[0], 7, FIRST_SESSION)) == 1
