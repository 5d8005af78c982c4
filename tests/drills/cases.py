"""Random cases for the live fold: a session or two of messy records, and where calls are cut."""

from functools import cache
from typing import NamedTuple

import numpy as np

from spark_apps.kernels import choose
from spark_apps.kernels.layouts import BOOK, COMPARISON, ENTRY, QUOTE, STRATEGY, ClockFlag, Ints, Kind, Rows
from spark_apps.kernels.records import encode, encode_clock, encode_parameters, encode_seed, encode_trades
from spark_apps.tables.indicators import CHOSEN
from spark_apps.tables.strategies import BAR_NUMBERS, QUOTE_NUMBERS, READABLE_OF
from spark_apps.tables.strategy_model import STRATEGY_LIMIT, Reads, Role
from tests.kernels.wire import encode_corrections, encode_unreadable

SECOND = 1_000_000_000
# A session that none of the cases reaches: it ends theirs, so that every bar is given.
END = encode_clock(0, 1 << 20, ClockFlag.OPENS)
# The numbers that strategies of a case read most: those of the bar and of its quotes are there from the first bar on.
_OFTEN = {
    Reads.BAR: range(len(BAR_NUMBERS) + len(QUOTE_NUMBERS)),
    Reads.STANDING: range(len(READABLE_OF[Reads.STANDING])),
}
_OFFSETS = {Reads.BAR: [0.0, 0.5, 3.0, 50.0], Reads.STANDING: [0.0, 0.25, 0.5, 1.0]}
# What is drawn from: mostly what is in order.
_SESSIONS, _TOO_DEAR = np.array([0] * 30 + [-1, 1]), np.array([0] * 30 + [60_000])
_QUANTITIES, _QUOTED = np.array([1, 5, *[100] * 30, 0, -1, 1 << 60]), np.array([1, 5, *[100] * 20, -1, 1 << 60])
OPENS_AT = 60 * SECOND  # trades are up to eight seconds older than their clock, and 1970 is where the batch fold begins


class Case(NamedTuple):
    """Hold what one case feeds to a fold; without `indicators` it folds bars only."""

    parameters: tuple[int, int, int, int, int, int]
    records: list[bytes]
    cuts: tuple[list[int], list[int]]
    indicators: tuple[str, ...] = CHOSEN


def random_case(random: np.random.Generator) -> Case:
    """Make a case: up to 50 records of up to 6 entries for 3 instruments, dense enough to tie, quotes, seeds, books."""
    seconds = SECOND * np.array([random.integers(1, 8), random.integers(0, 15), random.integers(0, 10)])
    parameters = (*seconds.tolist(), int(random.integers(2, 30)), 3, 5)
    market_time, session = OPENS_AT, 20
    records = [encode_clock(market_time, session, ClockFlag.OPENS), *_seeds(random, session)]
    records += [_book(random, session, 0, reads) for reads in Reads if random.random() < 0.8]
    sent = [np.zeros(0, ENTRY)]
    for _ in range(random.integers(0, 50)):
        market_time += int(random.integers(0, 3)) * SECOND
        session += int(random.random() < 0.02)
        roll = random.random()
        if roll < 0.02:
            records += _seeds(random, session)
        elif roll < 0.05:
            records.append(_book(random, session, market_time, random.choice(list(Reads))))
        elif roll < 0.35:
            flags = ClockFlag(int(np.searchsorted((0.9, 0.97, 0.99), random.random(), side="right")))
            records.append(encode_clock(market_time, session - int(random.random() < 0.1), flags))
        elif roll < 0.55:
            records.append(encode(Kind.QUOTE, _quotes(random, market_time, session)))
        elif roll < 0.85:
            sent.append(_entries(random, market_time, session))
            records.append(encode_trades(sent[-1]))
        elif roll < 0.98:
            records.append(encode_corrections(_corrections(random, market_time, session, np.concatenate(sent))))
        else:
            records.append(encode_unreadable(random.bytes(int(random.integers(0, 20)))))
    return Case(parameters, records, (random_cuts(random, len(records)), random_cuts(random, len(records))))


def _one_of(random: np.random.Generator, values: Ints, size: int) -> Ints:
    return values[random.integers(0, len(values), size)]


def _entries(random: np.random.Generator, market_time: int, session: int) -> Rows:
    entries = np.zeros(random.integers(0, 7), ENTRY)
    size = len(entries)
    entries["instrument_id"] = random.integers(1, 4, size)
    entries["session_date"] = session + _one_of(random, _SESSIONS, size)
    entries["source"] = random.integers(1, 3, size)
    entries["verdict"] = np.where(random.random(size) < 0.03, 20, 0)
    entries["source_seq"] = random.integers(0, 60, size)
    entries["corrects_seq"] = random.integers(0, 60, size)
    entries["event_time"] = market_time + random.integers(-16, 4, size) * SECOND // 2
    entries["price"] = random.integers(1, 12, size) * 5000 - _one_of(random, _TOO_DEAR, size)
    entries["quantity"] = _one_of(random, _QUANTITIES, size)
    return entries


def _quotes(random: np.random.Generator, market_time: int, session: int) -> Rows:
    """Quote about the prices of trades, a few with one side or none, a few that are no quote."""
    entries = _entries(random, market_time, session)
    quotes = np.zeros(len(entries), QUOTE)
    for name in ("instrument_id", "session_date", "source", "verdict", "source_seq", "event_time"):
        quotes[name] = entries[name]
    for side, away in (("bid", -2500), ("ask", 2500)):
        size = len(quotes)
        is_quoted = random.random(size) < 0.9
        quotes[side] = is_quoted * (random.integers(2, 12, size) * 5000 + away * random.integers(0, 3, size))
        quotes[f"{side}_quantity"] = is_quoted * _one_of(random, _QUOTED, size)
        quotes[f"{side}_depth"] = quotes[f"{side}_quantity"] * (1 + 2 * random.integers(0, 2, size))
    return quotes


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


def random_cuts(random: np.random.Generator, count: int) -> list[int]:
    """Cut so many records into calls, some of them empty."""
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


def _book(random: np.random.Generator, session: int, market_time: int, reads: Reads) -> bytes:
    """Write a book of up to four strategies, good from about now on; a few are no books or of another session."""
    numbers = np.sort(random.choice(STRATEGY_LIMIT, random.integers(1, 5), replace=False))
    strategies = np.zeros(len(numbers), STRATEGY)
    strategies["number"] = numbers
    strategies["side"] = random.choice([1, -1], len(numbers))
    strategies["weight"] = random.integers(1, 4, len(numbers))
    roles = [Role.ENTER, Role.LEAVE, *random.choice(list(Role), random.integers(0, 3))]
    comparisons = np.zeros((len(numbers), len(roles)), COMPARISON)
    size = comparisons.shape
    comparisons["strategy"], comparisons["role"] = numbers[:, None], roles
    comparisons["below"] = random.integers(0, 2, size)
    comparisons["left"] = random.choice([*_OFTEN[reads], *_OFTEN[reads], *range(len(READABLE_OF[reads]))], size)
    comparisons["right"] = random.choice([-1, *_OFTEN[reads]], size)
    comparisons["factor"] = random.choice([1.0, 1.02, -0.5], size)
    comparisons["offset"] = random.choice(_OFFSETS[reads], size)
    begins = market_time + int(random.integers(-20, 40)) * SECOND if market_time else 0
    rules = (random.integers(1, 4), random.integers(1, 5), random.integers(0, 2))
    head = np.array((0, reads, begins, *rules, len(numbers), comparisons.size), BOOK)
    book = head.tobytes() + strategies.tobytes() + comparisons.tobytes()
    spoilt = book[: -int(random.integers(1, 40))] if random.random() < 0.05 else book
    return encode_parameters(session + int(random.random() < 0.05), spoilt)


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
