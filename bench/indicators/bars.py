"""Generated minute bars as a Delta table, kept from run to run."""

from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa

from spark_apps.kernels.arrow import decimals
from spark_apps.lake.location import location
from spark_apps.lake.tables import arrow_schema, ensure
from spark_apps.lake.writing import append_arrow
from spark_apps.settings import load
from spark_apps.tables.market import BARS_1M

INSTRUMENTS, MINUTES = 400, 225
MINUTE = 60_000_000_000
TICK = 50 * 10_000  # 50 VND, unscaled


def bars(day: date) -> pa.Table:
    """Make the bars of one session, seeded by its day: a walk per instrument, a bar in every minute."""
    random = np.random.default_rng(day.toordinal())
    size = (MINUTES, INSTRUMENTS)
    close = 30_000 * 10_000 + np.cumsum(random.integers(-3, 4, size), axis=0) * TICK
    up, down, back = (random.integers(0, 4, size) * TICK for _ in range(3))
    high, low = close + up, close - down
    opened = np.maximum(low, high - back)
    volume = random.integers(1, 500, size) * 100
    opens = int(datetime(day.year, day.month, day.day, 2, 15, tzinfo=UTC).timestamp()) * 1_000_000_000
    start = np.repeat(opens + np.arange(MINUTES) * MINUTE, INSTRUMENTS)
    made = {
        "instrument_id": np.tile(np.arange(1, INSTRUMENTS + 1, dtype=np.int32), MINUTES),
        "session_date": pa.repeat(day, start.size),
        "bar_start": start,
        "open": decimals(opened.ravel(), 18, 4),
        "high": decimals(high.ravel(), 18, 4),
        "low": decimals(low.ravel(), 18, 4),
        "close": decimals(close.ravel(), 18, 4),
        "volume": volume.ravel(),
        "value": decimals((volume * close).ravel(), 28, 4),
        "trade_count": np.full(start.size, 9),
        "available_at": start + MINUTE,
        "run_id": pa.repeat("bench", start.size),
    }
    return pa.table(made).cast(arrow_schema(BARS_1M.columns))


def prepare(days: list[date], folder: Path) -> Path:
    """Make the sessions that are not there yet, a commit each; give the folder of gold.bars_1m."""
    settings = load().with_values(lake_root=folder)
    held = {part["session_date"] for part in ensure(BARS_1M, settings).partitions()}
    for day in days:
        if str(day) not in held:
            append_arrow(BARS_1M, bars(day), settings, {}, "{}")
    return location(BARS_1M, settings)
