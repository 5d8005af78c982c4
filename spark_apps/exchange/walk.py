"""Walk prices: a path of days for each invented company, and the trades of one session between open and close.

Everything is integer arithmetic over seeded draws; prices are unscaled at four decimals (1 VND is 10,000). The
reference price is the previous close on every exchange; the real UPCOM takes the day's average.
"""

from datetime import date
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from spark_apps.errors import EmptyInput
from spark_apps.rules.bands import price_band
from spark_apps.rules.calendar import first_day_with_phases, is_session, next_session, phases, sessions
from spark_apps.rules.instruments import Instrument, simulated_instruments
from spark_apps.rules.lots import round_lot
from spark_apps.rules.ticks import UNIT, tick_ladder

Ints = NDArray[np.int64]

FIRST_SESSION = date(2023, 1, 3)
# XMAY gives one new share for each one held, so its reference halves on that day.
SPLITS = {11: date(2026, 9, 15)}
PATH, MARKET, TRADES, SIZES = range(4)
AUCTION, BUY, SELL = range(3)
SIDES = ("auction", "buy", "sell")


class Day(NamedTuple):
    """State one session of one instrument: its limits and where it opens and closes, unscaled."""

    session_date: date
    reference: int
    ceiling: int
    floor: int
    open: int
    close: int


class Trades(NamedTuple):
    """Hold the trades of one instrument and session in time order; one entry a trade in every array."""

    instrument: Instrument
    day: Day
    event_time: Ints
    price: Ints
    quantity: Ints
    side: Ints
    tick: Ints


def generator(*key: int) -> np.random.Generator:
    """Give the random numbers of one purpose: the same key, the same numbers."""
    return np.random.Generator(np.random.PCG64(key))


def on_grid(price: Ints, ladder: tuple[tuple[int, int], ...]) -> tuple[Ints, Ints]:
    """Round prices down to the tick of their range; give prices and ticks."""
    tick = np.select([price >= lowest for lowest, _ in ladder], [step for _, step in ladder], ladder[-1][1])
    return price // tick * tick, tick


def nearest_legal(price: int, limits: tuple[int, int], ladder: tuple[tuple[int, int], ...]) -> int:
    """Bring a price to the nearest tick inside its band; ceiling and floor lie on the grid themselves."""
    tick = next((step for lowest, step in ladder if price >= lowest), ladder[-1][1])
    ceiling, floor = limits
    return min(max((price + tick // 2) // tick * tick, floor), ceiling)


@lru_cache(maxsize=256)
def daily_path(instrument: Instrument, seed: int, until: date) -> tuple[Day, ...]:
    """Walk one instrument from FIRST_SESSION to a session; a later end repeats the earlier days."""
    days = tuple(sessions(FIRST_SESSION, until))
    base = int(generator(seed, PATH, instrument.instrument_id).integers(80, 900)) * 100 * UNIT
    market = np.rint(generator(seed, MARKET).normal(2, 70, len(days))).astype(np.int64)
    own = np.rint(generator(seed, PATH, instrument.instrument_id, 1).normal(0, 120, (len(days), 2))).astype(np.int64)
    path, close = [], base
    for day, common, (gap, move) in zip(days, market.tolist(), own.tolist(), strict=True):
        if SPLITS.get(instrument.instrument_id) == day:
            base, close = base // 2, close // 2
        ladder = tick_ladder(instrument.exchange, instrument.kind, day)
        reference = nearest_legal(close, (close + UNIT * 1_000, UNIT * 100), ladder)
        limits = price_band(instrument.exchange, instrument.kind, reference, day)
        # Basis points of the reference; the last term pulls a stray price home.
        home = (base - reference) * 100 // base
        opening = nearest_legal(reference * (10_000 + gap // 3) // 10_000, limits, ladder)
        close = nearest_legal(reference * (10_000 + common + move + home) // 10_000, limits, ladder)
        path.append(Day(day, reference, *limits, opening, close))
    return tuple(path)


def trade_session(instrument: Instrument, session_date: date, seed: int, count: int) -> Trades:
    """Draw the trades of one instrument: auctions at one price, a walk between them, none at lunch."""
    day = daily_path(instrument, seed, session_date)[-1]
    ladder = tick_ladder(instrument.exchange, instrument.kind, session_date)
    random = generator(seed, TRADES, instrument.instrument_id, session_date.toordinal())
    event_time, is_call, is_after = _moments(instrument, session_date, random, count)
    total = len(event_time)
    tick = int(on_grid(np.array([day.open]), ladder)[1][0])
    steps = random.integers(0, 20, total)
    walk = np.cumsum((steps == 0).astype(np.int64) - (steps == 1))
    place = np.arange(total)
    bridge = walk - walk[-1] * place // total
    drawn = day.open + bridge * tick + (day.close - day.open) * place // total
    price, _ = on_grid(np.clip(drawn, day.floor, day.ceiling), ladder)
    price[is_call & (place < total // 2)] = day.open
    price[is_after] = day.close
    price[0], price[-1] = day.open, day.close
    return Trades(
        instrument,
        day,
        event_time,
        price,
        random.geometric(0.15, total) * round_lot(instrument.exchange, session_date),
        np.where(is_call, AUCTION, random.integers(BUY, SELL + 1, total)),
        on_grid(price, ladder)[1],
    )


def _moments(
    instrument: Instrument, session_date: date, random: np.random.Generator, count: int
) -> tuple[Ints, NDArray[np.bool_], NDArray[np.bool_]]:
    """Draw event times in order, and mark those of call auctions and those at the closing price."""
    times, calls, after = [], [], []
    for name, start, end in phases(instrument.exchange, session_date):
        is_call = name.endswith("_auction")
        if name == "continuous":
            # About four hours in all; whole microseconds, so that a time survives as text.
            size = max(4, count * (end - start) // 14_400_000_000_000)
            drawn = np.sort(random.integers(start // 1000, end // 1000, size)) * 1000
        elif is_call:
            drawn = np.full(max(2, count // 40), end)
        elif name == "post_close":
            drawn = np.sort(random.integers(start // 1000, end // 1000, max(1, count // 100))) * 1000
        else:
            continue
        times.append(drawn)
        calls.append(np.full(len(drawn), is_call))
        after.append(np.full(len(drawn), name in ("closing_auction", "post_close")))
    return np.concatenate(times), np.concatenate(calls), np.concatenate(after)


@lru_cache(maxsize=64)
def market_session(session_date: date, seed: int, trades_per_session: int = 40_000) -> tuple[Trades, ...]:
    """Draw every instrument's trades of one session, about `trades_per_session` in all.

    Raises EmptyInput for a day without a session, or before the phases of the exchanges are known.
    """
    earliest = first_day_with_phases()
    if not is_session(session_date) or session_date < earliest:
        raise EmptyInput(
            f"the simulated market has no session on {session_date}; it trades sessions from {earliest}. "
            f"Set session_date to one, such as {next_session(max(session_date, earliest))}"
        )
    instruments = simulated_instruments()
    shares = generator(seed, SIZES).dirichlet(np.full(len(instruments), 3.0))
    return tuple(
        trade_session(instrument, session_date, seed, max(40, int(trades_per_session * share)))
        for instrument, share in zip(instruments, shares.tolist(), strict=True)
    )
