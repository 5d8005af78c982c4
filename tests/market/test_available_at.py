"""When a batch bar could be known: what the live fold's clock said when it gave its last word on that bar."""

from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from pyspark.sql import SparkSession

from spark_apps.kernels import choose
from spark_apps.kernels.layouts import NO_TARGET, Kind
from spark_apps.market.bars import SECOND, build_bars
from spark_apps.market.trades import apply_corrections
from spark_apps.tables.market import TICKS
from tests.frames import rows
from tests.kernels.session import OPEN, clock, corrections, entry, feed, trades

Message = dict[str, Any]
BASE = {"source_seq": 1, "instrument_id": 1, "price": 100, "quantity": 10, "corrects_seq": None}


def message(second: float, received: float, **fields: int) -> Message:
    return BASE | {"event_time": round(second * SECOND), "received_at": round(received * SECOND)} | fields


def at_night(spark: SparkSession, messages: list[Message], width: int = 60) -> dict[tuple[int, int], float]:
    """Give when each bar is available, in seconds, by instrument and place."""
    given = [one | {"price": Decimal(one["price"]).scaleb(-4)} for one in messages]
    taken = pa.table(apply_corrections(rows(spark, TICKS, *given)).toArrow())
    made = build_bars(taken, choose("off"), width)
    names = ("instrument_id", "bar_start", "available_at")
    return {
        (instrument, start // (width * SECOND)): available / SECOND
        for instrument, start, available in zip(*(made[name].to_pylist() for name in names), strict=True)
    }


def live(messages: list[Message], until: int, width: int) -> dict[tuple[int, int], float]:
    """Send messages as they were received between clocks of one second; give the last word on each bar."""
    sent: list[tuple[float, int, bytes]] = [(second, 0, clock(second)) for second in range(1, until + 1)]
    for one in messages:
        is_correction = one["corrects_seq"] is not None
        target = one["corrects_seq"] if is_correction else NO_TARGET
        said = entry(
            one["source_seq"], one["event_time"] / SECOND, one["price"], one["quantity"],
            instrument_id=one["instrument_id"], corrects_seq=target,
        )  # fmt: skip
        sent.append((one["received_at"] / SECOND, 1, corrections(said) if is_correction else trades(said)))
    fold = choose("off").BarFold(width * SECOND, 10 * SECOND, 120 * SECOND, 10_000, 0, 0)
    out = feed(fold, OPEN, *(record for *_, record in sorted(sent, key=lambda one: one[:2])))
    assert all(len(out[kind]) == 0 for kind in (Kind.LATE, Kind.REFUSED, Kind.DUPLICATE))
    last = {(int(bar["instrument_id"]), int(bar["bar_start"]) // (width * SECOND)): bar for bar in out[Kind.BAR]}
    return {key: int(bar["available_at"]) / SECOND for key, bar in last.items() if bar["trade_count"]}


@pytest.mark.parametrize(
    ("messages", "available"),
    [
        ([message(5, 5.005)], 60),
        ([message(5, 5.005), message(59.9, 64.2, source_seq=2)], 64),
        ([message(59.9999, 60.004)], 61),
        ([message(59, 64.2)], 65),
        ([message(5, 5.005), message(5, 66.5, source_seq=2, corrects_seq=1, quantity=7)], 66),
        ([message(5, 5.005), message(5, 66.5, source_seq=2, corrects_seq=1)], 60),
        ([message(5, 5.005), message(58, 58, source_seq=2), message(58, 63, source_seq=3, corrects_seq=2, quantity=0)],
         63),
    ],
    ids=["in time", "late", "the only one, behind the clock", "the only one, late", "corrected late",
         "corrected to the same", "cancelled late"],
)  # fmt: skip
def test_a_bar_is_known_when_its_last_trade_came(spark: SparkSession, messages: list[Message], available: int) -> None:
    assert at_night(spark, messages) == {(1, 0): available}


def test_a_minute_of_cancelled_trades_has_no_bar(spark: SparkSession) -> None:
    gone = [message(5, 5), message(5, 63, source_seq=2, corrects_seq=1, quantity=0)]
    assert at_night(spark, [*gone, message(65, 65, source_seq=3)]) == {(1, 1): 120}


@pytest.mark.parametrize("width", [1, 60])
def test_night_and_live_say_the_same_time(spark: SparkSession, width: int) -> None:
    random = np.random.default_rng(11)
    messages = []
    for seq in range(1, 401):
        event, delay = random.uniform(0, 600), random.choice([0.005, 0.3, 3, 9])
        one = message(event, event + delay, source_seq=seq, instrument_id=int(random.integers(1, 9)))
        messages.append(one)
        if delay < 1 and random.random() < 0.2:
            received = one["received_at"] + round(random.uniform(1, 9) * SECOND)
            new = {"source_seq": 1_000 + seq, "corrects_seq": seq, "quantity": int(random.integers(0, 3))}
            messages.append(one | new | {"received_at": received})
    night, lived = at_night(spark, messages, width), live(messages, 620, width)
    assert night == lived
    assert sum(known > width * (place + 1) for (_, place), known in night.items()) > 10
