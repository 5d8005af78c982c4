"""Bars by activity as the job makes them: what stands in them, from when on they are known, nothing lost."""

from datetime import date
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pytest

from spark_apps.kernels import Kernels, choose
from spark_apps.kernels.arrow import decimals
from spark_apps.market.activity import build_bars_by_activity
from spark_apps.market.bars import SECOND
from spark_apps.rules.calendar import at
from spark_apps.settings import BarSizes
from spark_apps.tables.activity import BARS_BY_ACTIVITY, MEASURES

KERNELS: Kernels = choose("preferred")
DAY = date(2026, 11, 20)
OPEN, MIDNIGHT = at(DAY, "09:15"), at(date(2026, 11, 21), "00:00")
SIZES = BarSizes(tick=3, volume=100, value=1_000, imbalance=60)
Trade = dict[str, Any]


def trade(seq: int, price: int, quantity: int, side: str = "unknown", **fields: Any) -> Trade:
    """Say a trade of instrument 1, `seq` seconds after the opening, that came in its own second."""
    time = OPEN + seq * SECOND
    given = {
        "instrument_id": 1,
        "source": "sim",
        "source_seq": seq,
        "event_time": time,
        "known_at": time,
        "price": price,
    }
    return given | {"quantity": quantity, "side": side} | fields


def made(trades: list[Trade], sizes: BarSizes = SIZES, kernels: Kernels = KERNELS) -> pa.Table:
    """Make bars of trades in whole VND."""
    columns = {name: [one[name] for one in trades] for name in trade(1, 1, 1)}
    table = pa.table(
        {
            name: pa.array(values, pa.string() if name in ("side", "source") else pa.int64())
            for name, values in columns.items()
        }
    )
    price = decimals(10_000 * table["price"].to_numpy(), 18, 4)
    table = table.set_column(table.column_names.index("price"), "price", price)
    ids = table["instrument_id"].cast(pa.int32())
    return build_bars_by_activity(table.set_column(0, "instrument_id", ids), kernels, sizes)


def of(measure: str, bars: pa.Table) -> list[dict[str, Any]]:
    return [bar for bar in bars.to_pylist() if bar["measure"] == measure]


FIVE = [
    trade(1, 10, 40, "buy"), trade(2, 12, 70, "sell"), trade(3, 11, 20), trade(4, 11, 30), trade(5, 13, 500, "auction"),
]  # fmt: skip


def test_what_the_bars_of_five_trades_hold() -> None:
    bars = made(FIVE)
    prices = ("open", "high", "low", "close")
    assert [tuple(map(int, (bar[name] for name in prices))) for bar in of("tick", bars)] == [
        (10, 12, 10, 11),
        (11, 13, 11, 13),
    ]
    names = ("bar_number", "volume", "value", "trade_count", "imbalance", "is_full")
    # The third falls, so sellers gave it; the fourth stands still and follows it; nobody crossed in the auction.
    assert {
        measure: [tuple(int(bar[name]) for name in names) for bar in of(measure, bars)] for measure in MEASURES
    } == {
        "tick": [(0, 130, 1_460, 3, -50, 1), (1, 530, 6_830, 2, -30, 0)],
        "volume": [(0, 110, 1_240, 2, -30, 1), (1, 550, 7_050, 3, -50, 1)],
        "value": [(0, 110, 1_240, 2, -30, 1), (1, 550, 7_050, 3, -50, 1)],
        "imbalance": [(0, 160, 1_790, 4, -80, 1), (1, 500, 6_500, 1, 0, 0)],
    }


def test_a_bar_spans_its_trades_and_is_known_behind_the_last() -> None:
    first, rest = of("tick", made(FIVE))
    assert (first["bar_start"], first["bar_end"]) == (OPEN + SECOND, OPEN + 3 * SECOND)
    assert first["available_at"] == OPEN + 4 * SECOND
    assert rest["available_at"] == MIDNIGHT


def test_a_trade_that_came_late_makes_every_bar_behind_it_late() -> None:
    late = [*FIVE[:3], *FIVE[3:4], trade(5, 13, 5), trade(6, 13, 5)]
    late[1] = late[1] | {"known_at": OPEN + 90 * SECOND}
    assert [bar["available_at"] - OPEN for bar in of("tick", made(late))] == [91 * SECOND] * 2


def test_a_cancelled_trade_counts_for_nothing_and_tells_when_that_was_known() -> None:
    cancelled = [FIVE[0], FIVE[1] | {"quantity": 0, "known_at": OPEN + 70 * SECOND}, *FIVE[2:4]]
    (bar,) = of("tick", made(cancelled))
    assert (bar["volume"], bar["trade_count"], bar["available_at"]) == (90, 3, OPEN + 71 * SECOND)


def test_a_bar_that_is_not_full_is_known_when_all_that_might_have_filled_it_is() -> None:
    monday = MIDNIGHT + 57 * 3_600 * SECOND
    (bar,) = of("tick", made([FIVE[0], FIVE[1] | {"quantity": 0, "known_at": monday}]))
    assert (bar["volume"], bar["is_full"], bar["available_at"]) == (40, False, monday + SECOND)


def test_no_bar_is_known_before_its_last_trade_however_far_the_source_is_ahead() -> None:
    ahead = [one | {"known_at": OPEN - 100 * SECOND} for one in FIVE[:3]]
    (bar,) = of("tick", made(ahead))
    assert bar["available_at"] == bar["bar_end"]


def test_trades_of_one_instant_count_by_source_whatever_their_order_in_the_input() -> None:
    tied = [trade(1, 10, 40, source="a"), trade(1, 10, 70, source="b"), trade(2, 10, 1)]
    bars = [[bar["volume"] for bar in of("volume", made(given))] for given in (tied, tied[::-1])]
    assert bars == [[110, 1]] * 2


def test_a_session_of_long_ago_needs_no_opening_hours() -> None:
    time = at(date(2005, 3, 1), "09:00")
    assert len(of("tick", made([FIVE[0] | {"event_time": time, "known_at": time}]))) == 1


def test_each_bar_says_its_size() -> None:
    found = {(bar["measure"], bar["size"]) for bar in made(FIVE).to_pylist()}
    assert found == {("tick", 3), ("volume", 100), ("value", 1_000), ("imbalance", 60)}


def test_a_session_of_cancelled_trades_has_no_bar() -> None:
    assert made([FIVE[0] | {"quantity": 0}]).num_rows == 0
    assert made([]).num_rows == 0


def walk(seed: int, count: int = 2_000) -> list[Trade]:
    """Walk at random: trades of five instruments, several in an instant, in no order, some late, some cancelled."""
    random = np.random.default_rng(seed)
    trades = []
    for seq in range(1, count + 1):
        second, price = int(random.integers(0, 3_600)), int(random.integers(90, 111))
        side = str(random.choice(["buy", "sell", "unknown", "auction"]))
        one = trade(seq, price, int(random.integers(0, 40)), side, instrument_id=int(random.integers(1, 6)))
        time = OPEN + second * SECOND
        trades.append(one | {"event_time": time, "known_at": time + int(random.choice([0, 0, 0, 9])) * SECOND})
    return trades


def test_every_trade_is_in_one_bar_of_each_measure_and_the_columns_are_the_tables() -> None:
    trades = walk(1)
    bars = made(trades)
    assert bars.column_names == [
        name for name in BARS_BY_ACTIVITY.column_names if name not in ("session_date", "run_id")
    ]
    for measure in MEASURES:
        rows = of(measure, bars)
        assert sum(bar["volume"] for bar in rows) == sum(one["quantity"] for one in trades)
        assert sum(bar["trade_count"] for bar in rows) == sum(one["quantity"] > 0 for one in trades)
        assert len({(bar["instrument_id"], bar["bar_number"]) for bar in rows}) == len(rows) > 50


def test_tick_bars_are_those_that_duckdb_cuts() -> None:
    trades = pa.Table.from_pylist(walk(2))
    with duckdb.connect() as engine:
        engine.register("trades", trades)
        theirs = engine.sql("""
            WITH placed AS (
                SELECT *, (row_number() OVER own - 1) // 3 AS bar FROM trades WHERE quantity > 0
                WINDOW own AS (PARTITION BY instrument_id ORDER BY event_time, source_seq)
            )
            SELECT instrument_id, bar, min(event_time), max(event_time), arg_min(price, (event_time, source_seq)),
                   max(price), min(price), arg_max(price, (event_time, source_seq)), sum(quantity)::BIGINT,
                   sum(price * quantity)::BIGINT
            FROM placed GROUP BY ALL ORDER BY ALL
        """).fetchall()
    names = ("bar_start", "bar_end", "open", "high", "low", "close", "volume", "value")
    ours = [
        (bar["instrument_id"], bar["bar_number"], *(int(bar[name]) for name in names))
        for bar in of("tick", made(walk(2)))
    ]
    assert ours == theirs


@pytest.mark.parametrize("second", [600, 1_800, 3_000, 60_000, 200_000])
def test_what_is_known_by_a_moment_is_what_the_trades_known_by_then_make(second: int) -> None:
    moment, random = OPEN + second * SECOND, np.random.default_rng(second)
    first = walk(3)
    cancelled = [one | {"quantity": 0, "known_at": int(random.integers(OPEN, 2 * MIDNIGHT - OPEN))} for one in first]
    last = [one if random.random() < 0.9 else other for one, other in zip(first, cancelled, strict=True)]
    last = [max(pair, key=lambda one: one["known_at"]) for pair in zip(first, last, strict=True)]
    known = [
        told if told["known_at"] < moment else before
        for before, told in zip(first, last, strict=True)
        if min(before["known_at"], told["known_at"]) < moment
    ]
    whole, prefix = (
        [bar for bar in made(given).to_pylist() if bar["available_at"] <= moment] for given in (last, known)
    )
    # Of the prefix a bar may be known whose place a trade takes that is not yet in: that one is said anew later.
    assert whole and all(bar in prefix for bar in whole)


def test_native_and_twin_make_the_same_bars() -> None:
    assert made(walk(4)).equals(made(walk(4), kernels=choose("off")))
