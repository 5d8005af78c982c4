"""Random cases for the live fold: a session or two of messy records, and where calls are cut."""

from functools import cache
from typing import NamedTuple

import numpy as np

from spark_apps.kernels import choose
from spark_apps.kernels.records import (
    ENTRY,
    ClockFlag,
    Rows,
    encode_clock,
    encode_corrections,
    encode_seed,
    encode_trades,
    encode_unreadable,
)
from spark_apps.tables.indicators import CHOSEN

SECOND = 1_000_000_000
OPENS_AT = 60 * SECOND  # trades are up to eight seconds older than their clock, and 1970 is where the batch fold begins


class Case(NamedTuple):
    """Hold what one case feeds to a fold; without `indicators` it folds bars only."""

    parameters: tuple[int, int, int, int, int, int]
    records: list[bytes]
    cuts: tuple[list[int], list[int]]
    indicators: tuple[str, ...] = CHOSEN


def random_case(random: np.random.Generator) -> Case:
    """Make a case: up to 40 records of up to 6 entries for 3 instruments, times dense enough to tie, and seeds."""
    seconds = SECOND * np.array([random.integers(1, 8), random.integers(0, 15), random.integers(0, 10)])
    parameters = (*seconds.tolist(), int(random.integers(2, 30)), 3, 5)
    market_time, session = OPENS_AT, 20
    records = [encode_clock(market_time, session, ClockFlag.OPENS), *_seeds(random, session)]
    sent = [np.zeros(0, ENTRY)]
    for _ in range(random.integers(0, 40)):
        market_time += int(random.integers(0, 3)) * SECOND
        session += int(random.random() < 0.02)
        roll = random.random()
        if roll < 0.02:
            records += _seeds(random, session)
        elif roll < 0.35:
            flags = ClockFlag(int(random.choice(4, p=(0.9, 0.07, 0.02, 0.01))))
            records.append(encode_clock(market_time, session - int(random.random() < 0.1), flags))
        elif roll < 0.8:
            sent.append(_entries(random, market_time, session))
            records.append(encode_trades(sent[-1]))
        elif roll < 0.98:
            records.append(encode_corrections(_corrections(random, market_time, session, np.concatenate(sent))))
        else:
            records.append(encode_unreadable(random.bytes(int(random.integers(0, 20)))))
    return Case(parameters, records, (_cuts(random, len(records)), _cuts(random, len(records))))


def _entries(random: np.random.Generator, market_time: int, session: int) -> Rows:
    entries = np.zeros(random.integers(0, 7), ENTRY)
    size = len(entries)
    entries["instrument_id"] = random.integers(1, 4, size)
    entries["session_date"] = session + random.choice([0] * 30 + [-1, 1], size)
    entries["source"] = random.integers(1, 3, size)
    entries["verdict"] = np.where(random.random(size) < 0.03, 20, 0)
    entries["source_seq"] = random.integers(0, 60, size)
    entries["corrects_seq"] = random.integers(0, 60, size)
    entries["event_time"] = market_time + random.integers(-16, 4, size) * SECOND // 2
    entries["price"] = random.integers(1, 12, size) * 5000 - random.choice([0] * 30 + [60_000], size)
    entries["quantity"] = random.choice([1, 5, *[100] * 30, 0, -1, 1 << 60], size)
    return entries


def _corrections(random: np.random.Generator, market_time: int, session: int, sent: Rows) -> Rows:
    """Correct what was sent shortly before, or something that never was; quantity 0 cancels."""
    entries = _entries(random, market_time, session)
    entries["quantity"][random.random(len(entries)) < 0.3] = 0
    for entry in entries[: len(sent)]:
        if random.random() < 0.9:
            target = sent[-int(random.integers(1, min(len(sent), 8) + 1))]
            entry["corrects_seq"] = target["source_seq"]
            for name in ("instrument_id", "source", "session_date"):
                entry[name] = target[name]
    return entries


def _cuts(random: np.random.Generator, count: int) -> list[int]:
    places = np.flatnonzero(random.random(count) < random.random()).tolist()
    return [0, *places, count]


def _seeds(random: np.random.Generator, session: int) -> list[bytes]:
    """Seed some instruments, a few of them with what is no state or belongs to another session."""
    states = some_states()
    return [
        encode_seed(key, session + int(random.random() < 0.1), states[int(random.integers(len(states)))])
        for key in range(4)
        if random.random() < 0.4
    ]


@cache
def some_states() -> list[bytes]:
    """Give states of the chosen indicators after histories of several lengths, and bytes that are none."""
    random, states = np.random.default_rng(3), []
    for rows in (1, 12, 40, 200):
        fold = choose("preferred").IndicatorFold(CHOSEN)
        price = random.integers(1, 12, rows) / 2
        fold.apply(np.ones(rows, np.int32), price, price + 1, price - 1, price, random.integers(1, 500, rows))
        states.append(fold.state(1))
    return [*states, states[0][:-1], b""]
