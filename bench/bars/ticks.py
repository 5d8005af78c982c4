"""Generated ticks as a Delta table, kept from run to run."""

from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from spark_apps.kernels.arrow import decimals
from spark_apps.lake.location import location
from spark_apps.lake.tables import arrow_schema, ensure
from spark_apps.lake.writing import append_arrow
from spark_apps.settings import load
from spark_apps.sources.envelope import RECEIPT_DELAY
from spark_apps.tables.market import TRADES

INSTRUMENTS = 400
MILLISECOND, SECOND, TRADING = 1_000_000, 1_000_000_000, 225 * 60_000
TICK = 50 * 10_000  # 50 VND, unscaled


def ticks(day: date, size: int) -> pa.Table:
    """Make the trades of one session, seeded by its day: a walk per instrument, folded at 50 ticks above its start."""
    random = np.random.default_rng(day.toordinal())
    share = 1 / np.arange(1, INSTRUMENTS + 1)
    ids = random.choice(INSTRUMENTS, size, p=share / share.sum()).astype(np.int32)
    opens = int(datetime(day.year, day.month, day.day, 2, 15, tzinfo=UTC).timestamp()) * 1000
    walk = np.empty(size, np.int64)
    walk[np.argsort(ids, kind="stable")] = np.cumsum(random.integers(-1, 2, size))
    price = (random.integers(100, 2000, INSTRUMENTS)[ids] + np.abs(walk) % 50) * TICK
    event_time = np.sort(opens + random.integers(0, TRADING, size)) * MILLISECOND
    made = {
        "source": repeated(["sim"], np.zeros(size, np.int8)),
        "instrument_id": ids + np.int32(1),
        "session_date": pa.repeat(day, size),
        "source_seq": np.arange(1, size + 1),
        "event_time": event_time,
        "price": decimals(price, 18, 4),
        "quantity": random.integers(1, 100, size) * 100,
        "side": repeated(["buy", "sell"], random.integers(0, 2, size).astype(np.int8)),
        "correction_count": np.zeros(size, np.int32),
        "known_at": (event_time + RECEIPT_DELAY) // SECOND * SECOND,
        "run_id": repeated(["bench"], np.zeros(size, np.int8)),
    }
    return pa.table(made).cast(arrow_schema(TRADES.columns))


def repeated(words: list[str], places: NDArray[np.int8]) -> pa.Array:
    """Give a word per place."""
    return pa.DictionaryArray.from_arrays(places, words).cast(pa.string())


def prepare(days: list[date], size: int, folder: Path) -> Path:
    """Make the sessions that are not there yet, a commit each; give the folder of silver.trades."""
    settings = load().with_values(lake_root=folder / str(size))
    held = {part["session_date"] for part in ensure(TRADES, settings).partitions()}
    for day in days:
        if str(day) not in held:
            append_arrow(TRADES, ticks(day, size), settings, {}, "{}")
    return location(TRADES, settings)
