"""What bars must be, two ways, from the trades that a fold accepted: the batch fold, and SQL of another engine.

Accepted is what went in less what the fold set aside, row by row. Both ways fold many cases at once: `number` says
which case a row is of.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import duckdb
import numpy as np
import pyarrow as pa

from spark_apps.kernels import Kernels
from spark_apps.kernels.layouts import ENTRY, Ints, Kind, Rows

# (number, session_date, instrument_id, bar_start) -> (open, high, low, close, volume, value, trade_count)
Key = tuple[int, ...]
Bars = dict[Key, tuple[int, ...]]
PLACE = ("instrument_id", "session_date", "bar_start")
VALUES = ("open", "high", "low", "close", "volume", "value", "trade_count")
FIELDS = tuple(ENTRY.names or ())
ACCEPTED = np.dtype(
    [("number", "<i8"), ("width", "<i8"), ("is_correction", "?"), *((name, ENTRY[name]) for name in FIELDS)]
)
OWNER = ("number", "session_date", "instrument_id", "source", "source_seq")
# How an entry and the row that sets it aside know each other, beside the offset they share.
SAME = ("instrument_id", "session_date", "source", "source_seq", "event_time", "price", "quantity")

ORACLE = """
    WITH last AS (
        SELECT number, session_date, instrument_id, source, corrects_seq AS source_seq,
               max_by(price, source_seq) AS price, max_by(quantity, source_seq) AS quantity
        FROM accepted WHERE is_correction GROUP BY ALL
    ), trades AS (
        SELECT number, session_date, instrument_id, event_time // width * width AS bar_start,
               (event_time, source, source_seq) AS place,
               coalesce(last.price, accepted.price) AS price, coalesce(last.quantity, accepted.quantity) AS quantity
        FROM accepted LEFT JOIN last USING (number, session_date, instrument_id, source, source_seq)
        WHERE NOT is_correction
    )
    SELECT number, session_date, instrument_id, bar_start,
           min_by(price, place), max(price), min(price), max_by(price, place),
           sum(quantity)::BIGINT, sum(price * quantity)::BIGINT, count(*)
    FROM trades WHERE quantity > 0 GROUP BY ALL
"""


class Difference(NamedTuple):
    """Count bars of the truth that are missing, and bars that differ or should not be there."""

    lost: int
    wrong: int


def accepted(number: int, width: int, taken: Iterable[tuple[int, Kind, Rows]], aside: Counter[tuple[int, ...]]) -> Rows:
    """Give the entries that were not set aside; `taken` are (offset, kind, entries), `aside` offset and SAME."""
    parts = []
    left = aside.copy()
    for offset, kind, entries in taken:
        if kind not in (Kind.TRADE, Kind.CORRECTION):
            continue
        stays = np.ones(len(entries), np.bool_)
        for place, key in enumerate(entries[list(SAME)].tolist()):
            if left[offset, *key]:
                left[offset, *key] -= 1
                stays[place] = False
        part = np.zeros(np.count_nonzero(stays), ACCEPTED)
        part["number"], part["width"], part["is_correction"] = number, width, kind == Kind.CORRECTION
        for name in FIELDS:
            part[name] = entries[name][stays]
        parts.append(part)
    return np.concatenate([np.zeros(0, ACCEPTED), *parts])


def repeated_keys(rows: Rows) -> int:
    """Count accepted entries whose number their source had used before in the session."""
    return len(rows) - len(np.unique(rows[list(OWNER)]))


def batch_bars(rows: Rows, kernels: Kernels) -> Bars:
    """Put the last corrections into the trades and fold them at once, in event order."""
    trades = as_corrected(rows)
    bars: Bars = {}
    for width in np.unique(trades["width"]).tolist():
        bars |= _fold(trades[trades["width"] == width], width, kernels)
    return bars


def as_corrected(rows: Rows) -> Rows:
    """Give accepted trades with the last correction of each put into it; quantity 0 is a cancelled one."""
    trades: Rows = rows[~rows["is_correction"]].copy()
    corrections = np.sort(rows[rows["is_correction"]], order="source_seq")
    where = {key: place for place, key in enumerate(trades[list(OWNER)].tolist())}
    for key, price, quantity in zip(
        corrections[[*OWNER[:-1], "corrects_seq"]].tolist(),
        corrections["price"].tolist(),
        corrections["quantity"].tolist(),
        strict=True,
    ):
        trades["price"][where[key]], trades["quantity"][where[key]] = price, quantity
    return trades


def _fold(trades: Rows, width: int, kernels: Kernels) -> Bars:
    """Fold the trades of all cases of one width, each case, session and instrument as an instrument of its own."""
    owners, owner = np.unique(trades[list(OWNER[:3])], return_inverse=True)
    seq = trades["source"].astype(np.int64) << 48 | trades["source_seq"]
    columns: list[Ints] = [np.ascontiguousarray(trades[name]) for name in ("event_time", "price", "quantity")]
    made = kernels.fold_bars((owner + 1).astype(np.int32), columns[0], seq, columns[1], columns[2], width)
    values = zip(*(made[name].tolist() for name in VALUES), strict=True)
    keys = zip(made["instrument_id"].tolist(), made["bar_start"].tolist(), strict=True)
    return {(*owners[one - 1].item(), start): bar for (one, start), bar in zip(keys, values, strict=True)}


def oracle_bars(rows: Rows) -> Bars:
    """Ask an engine that shares no line with the fold."""
    columns = {name: np.ascontiguousarray(rows[name]) for name in ACCEPTED.names or ()}
    with duckdb.connect() as engine:
        engine.register("accepted", pa.table(columns))
        return {row[:4]: row[4:] for row in engine.execute(ORACLE).fetchall()}


def last_revisions(number: int, bars: Rows) -> tuple[Bars, int]:
    """Give the last revision of each bar that holds a trade, and how many keys came more than once."""
    last: Bars = {}
    keys = [(number, day, one, start) for one, day, start in bars[list(PLACE)].tolist()]
    for key, values in zip(keys, bars[list(VALUES)].tolist(), strict=True):
        last[key] = values
    repeated = len(keys) - len(set(zip(keys, bars["revision"].tolist(), strict=True)))
    return {key: values for key, values in last.items() if values[-1]}, repeated


def differences(bars: Mapping[Key, Any], truth: Mapping[Key, Any]) -> Difference:
    """Hold bars, or what is known of them, against what they must be."""
    return Difference(len(truth.keys() - bars.keys()), sum(truth.get(key) != bar for key, bar in bars.items()))
