"""Write sessions in words: entries and clocks at whole seconds, folded by either implementation."""

from typing import Any

import numpy as np

from spark_apps.kernels import NATIVE, Kernels, choose
from spark_apps.kernels.layouts import ENTRY, QUOTE, ClockFlag, Kind, Rows
from spark_apps.kernels.output_records import split_outputs
from spark_apps.kernels.records import encode, encode_clock, encode_trades, join
from spark_apps.kernels.reference_bars import BarFold
from tests.kernels.wire import encode_corrections

SECOND = 1_000_000_000
SESSION = 20
# Width 60 s, lateness 10 s, ahead 120 s, five records of tail, generation 3, partition 7.
PARAMETERS = (60 * SECOND, 10 * SECOND, 120 * SECOND, 5, 3, 7)
# The twin, and the native kernels where they are built.
IMPLEMENTATIONS: list[Kernels] = [choose("off"), *([choose("required")] if NATIVE else [])]


def entry(seq: int, second: float, price: int = 100, quantity: int = 10, **fields: int) -> tuple[int, ...]:
    """Say an entry; fields not named are those of an admitted trade of instrument 1, source 1."""
    given = {"instrument_id": 1, "session_date": SESSION, "source": 1, "corrects_seq": -1, **fields}
    given |= {"source_seq": seq, "event_time": round(second * SECOND), "price": price, "quantity": quantity}
    return tuple(given.get(name, 0) for name in ENTRY.names or ())


def quote(
    seq: int, second: float, bid: int = 99, ask: int = 101, sizes: tuple[int, ...] = (10, 20), **fields: int
) -> Rows:
    """Say a quote: best quantities of bid and ask, then what stands in all levels, the best alone where not said."""
    bid_quantity, ask_quantity, bid_depth, ask_depth = (*sizes, *sizes)[:4]
    given = {"instrument_id": 1, "session_date": SESSION, "source": 1, **fields}
    given |= {"source_seq": seq, "event_time": round(second * SECOND), "bid": bid, "ask": ask}
    given |= {"bid_quantity": bid_quantity, "ask_quantity": ask_quantity}
    given |= {"bid_depth": bid_depth, "ask_depth": ask_depth}
    return np.array([tuple(given.get(name, 0) for name in QUOTE.names or ())], QUOTE)


def quotes(*rows: Rows) -> bytes:
    """Write a QUOTE record."""
    return encode(Kind.QUOTE, np.concatenate(rows))


def rows_of(entries: tuple[tuple[int, ...], ...]) -> Rows:
    """Make entries an array."""
    return np.array(list(entries), ENTRY)


def trades(*entries: tuple[int, ...]) -> bytes:
    """Write a TRADE record."""
    return encode_trades(rows_of(entries))


def corrections(*entries: tuple[int, ...]) -> bytes:
    """Write a CORRECTION record."""
    return encode_corrections(rows_of(entries))


def clock(second: float, session: int = SESSION, flags: ClockFlag = ClockFlag.NONE) -> bytes:
    """Write a CLOCK record."""
    return encode_clock(round(second * SECOND), session, flags)


OPEN = clock(0, flags=ClockFlag.OPENS)


def feed(fold: BarFold, *records: bytes, offset: int = 0) -> dict[Kind, Rows]:
    """Apply records at rising offsets; give the outputs by kind."""
    return split_outputs(*fold.apply(np.arange(offset, offset + len(records)), *join(records)))


def bars_of(rows: Rows) -> list[tuple[Any, ...]]:
    """Give bars as (start in seconds, revision, open, high, low, close, volume, value, trade_count)."""
    names = ["revision", "open", "high", "low", "close", "volume", "value", "trade_count"]
    return [(int(row["bar_start"]) // SECOND, *row[names].item()) for row in rows]
