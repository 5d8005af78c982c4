"""What quotes say of bars is said when it was known: never before all that it stands on had come."""

from collections.abc import Mapping
from datetime import date
from functools import cache
from typing import Any

import numpy as np
import pyarrow as pa

from spark_apps.features.quotes import quote_session
from spark_apps.kernels import choose
from spark_apps.kernels.arrow import decimals
from spark_apps.kernels.layouts import ENTRY, FIGURES, QUOTE, ClockFlag, Kind
from spark_apps.kernels.output_records import split_outputs
from spark_apps.kernels.records import encode, encode_clock, join
from spark_apps.market.bars import MINUTE, SECOND

KERNELS = choose("preferred")
SIZE, MINUTES, DAY = 600, 12, 20_777
MOMENTS = tuple(range(0, (MINUTES + 3) * MINUTE, 7 * SECOND))


@cache
def market() -> tuple[pa.Table, pa.Table]:
    """Draw trades and quotes of three instruments, one in three up to two minutes late."""
    random = np.random.default_rng(17)
    time = random.integers(0, MINUTES * MINUTE, (2, SIZE))
    came = time + np.where(random.random((2, SIZE)) < 0.3, random.integers(0, 2 * MINUTE, (2, SIZE)), 0)
    price = random.integers(90, 110, (2, SIZE)) * 10_000
    same = {"instrument_id": random.integers(1, 4, SIZE).astype(np.int32), "session_date": [date(2026, 11, 20)] * SIZE}
    trades = {"event_time": time[0], "price": decimals(price[0], 18, 4), "quantity": random.integers(0, 5, SIZE)}
    book = {"bid": decimals(price[1], 18, 4), "ask": decimals(price[1] + 10_000, 18, 4), "event_time": time[1]}
    book |= {name: np.full(SIZE, 10) for name in ("bid_quantity", "ask_quantity", "bid_depth", "ask_depth")}
    known = {"known_at": came[0] // SECOND * SECOND, "correction_count": np.zeros(SIZE, np.int32)}
    known |= {"source_seq": np.arange(SIZE)}
    numbers = {"source": ["sim"] * SIZE, "source_seq": np.arange(SIZE), "received_at": came[1]}
    return pa.table(same | trades | known), pa.table(same | book | numbers)


def told(moment: int, *, at_the_end: bool = False) -> Mapping[tuple[int, int], tuple[Any, ...]]:
    """Say of each bar what quotes tell, from what had come by a moment, and when that is known."""
    trades, quotes = market()
    trades = trades.filter(pa.array(trades["known_at"].to_numpy() <= moment))
    quotes = quotes.filter(pa.array(quotes["received_at"].to_numpy() <= moment))
    rows = quote_session(KERNELS, trades, quotes).to_pylist()
    if at_the_end:
        rows = [row | {"available_at": row["bar_start"] + MINUTE} for row in rows]
    return {(row["instrument_id"], row["bar_start"]): tuple(row.values()) for row in rows}


def said_too_early(*, at_the_end: bool = False) -> int:
    """Count rows that are available by a moment, but say what was not known by then."""
    whole, found = told(MOMENTS[-1], at_the_end=at_the_end), 0
    for moment in MOMENTS:
        then = told(moment, at_the_end=at_the_end)
        found += sum(row[-1] <= moment and then.get(key) != row for key, row in whole.items())
    return found


def live() -> Mapping[tuple[int, int], tuple[int, bytes]]:
    """Say of each bar what the live fold says last, and when it said it: all that arrives is within its bound."""
    trades, quotes = (table.to_pylist() for table in market())
    arrivals = [(one["known_at"], Kind.TRADE, _entry(one)) for one in trades if one["quantity"]]
    arrivals += [(one["received_at"], Kind.QUOTE, _quote(one)) for one in quotes]
    arrivals += [(second * SECOND, Kind.CLOCK, encode_clock(second * SECOND, DAY)) for second in range(16 * 60)]
    # A clock of second T comes before whatever arrives in it.
    arrivals.sort(key=lambda one: (one[0], one[1] != Kind.CLOCK))
    records = [encode_clock(0, DAY, ClockFlag.OPENS), *(record for _, _, record in arrivals)]
    fold = KERNELS.BarFold(MINUTE, 3600 * SECOND, 0, 10_000, 1, 0)
    rows = split_outputs(*fold.apply(np.arange(len(records)), *join(records)))[Kind.QUOTED]
    names = list(FIGURES.names or ())
    return {
        (int(row["instrument_id"]), int(row["bar_start"])): (
            int(row["available_at"]),
            np.array(row[names].item(), FIGURES).tobytes(),
        )
        for row in rows
    }


def _entry(trade: Mapping[str, Any]) -> bytes:
    place = (trade["instrument_id"], DAY, 1, 0, 0, trade["source_seq"], -1, trade["event_time"])
    return encode(Kind.TRADE, np.array([(*place, int(trade["price"] * 10_000), trade["quantity"])], ENTRY))


def _quote(quote: Mapping[str, Any]) -> bytes:
    place = (quote["instrument_id"], DAY, 1, 0, 0, quote["source_seq"], quote["event_time"])
    return encode(
        Kind.QUOTE, np.array([(*place, int(quote["bid"] * 10_000), 10, int(quote["ask"] * 10_000), 10, 10, 10)], QUOTE)
    )


def test_the_night_says_what_live_said_and_not_before_it() -> None:
    night, day = told(MOMENTS[-1]), live()
    assert night.keys() == day.keys()
    for key, (*_, available_at) in night.items():
        assert available_at >= day[key][0]


def test_no_figure_looks_ahead() -> None:
    assert said_too_early() == 0
    assert len({row[-1] % MINUTE for row in told(MOMENTS[-1]).values()}) > 5  # some had to wait


def test_figures_that_do_not_wait_for_what_is_late_are_caught() -> None:
    assert said_too_early(at_the_end=True) > 0
