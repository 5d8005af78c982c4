"""What indicators must be: the batch fold over the bars of the truth, going on from the seeds that were taken."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from spark_apps.kernels import Kernels
from spark_apps.kernels.layouts import HEADER, SEED, Ints, Kind, Rows
from spark_apps.kernels.reasons import Reason
from spark_apps.tables.indicators import CHOSEN
from tests.drills.truth import PLACE, VALUES, Bars, Key

# (number, session_date, instrument_id, bar_start) -> hash before, hash after, values as bytes
Indicators = dict[Key, tuple[Any, ...]]
# (number, instrument_id) -> session -> the state that opened it
Seeds = dict[tuple[int, int], dict[int, bytes]]
REFUSALS = (Reason.SEED_OPENS_ITS_SESSION, Reason.SEED_FITS_THE_FOLD)


def taken_seeds(number: int, taken: Iterable[tuple[int, bytes]], refused: Rows) -> Seeds:
    """Give the states of SEED records, as (offset, record), that the fold took; the last of a session counts."""
    aside = set(refused["input_offset"][np.isin(refused["reason"], REFUSALS)].tolist())
    seeds: Seeds = {}
    for offset, record in taken:
        if record[:1] == bytes([Kind.SEED]) and offset not in aside:
            key, session = np.frombuffer(record, SEED, 1, HEADER.itemsize)[0].item()
            seeds.setdefault((number, key), {})[session] = record[HEADER.itemsize + SEED.itemsize :]
    return seeds


def batch_indicators(bars: Bars, seeds: Seeds, kernels: Kernels) -> Indicators:
    """Fold bars in order of session and time; what follows a seed is an instrument of its own that opens from it."""
    keys = sorted(bars, key=lambda key: (key[0], key[2], key[1], key[3]))
    numbers: dict[tuple[int, int, int], int] = {}
    fold, owners = kernels.IndicatorFold(CHOSEN), np.zeros(len(keys), np.int32)
    for place, (number, day, one, _) in enumerate(keys):
        opened = max((session for session in seeds.get((number, one), ()) if session <= day), default=-1)
        owner = (number, one, opened)
        if owner not in numbers:
            numbers[owner] = len(numbers) + 1
            fold.restore(numbers[owner], seeds[number, one][opened] if opened >= 0 else b"")
        owners[place] = numbers[owner]
    rows: Ints = np.array([bars[key] for key in keys], np.int64).reshape(-1, len(VALUES))
    opens, high, low, close, volume, *_ = (np.ascontiguousarray(column) for column in rows.T)
    prices = (opens / 10_000, high / 10_000, low / 10_000, close / 10_000)
    values, opening, closing = fold.apply(owners, *prices, volume)
    hashes = zip(opening.tolist(), closing.tolist(), strict=True)
    return {key: (*pair, row.tobytes()) for key, pair, row in zip(keys, hashes, values, strict=True)}


def last_indicators(number: int, rows: Rows) -> tuple[Indicators, int]:
    """Give the last revision of each bar's indicators, but of bars left empty, and how many keys came twice."""
    last: Indicators = {}
    keys = [(number, day, one, start) for one, day, start in rows[list(PLACE)].tolist()]
    hashes = rows[["opening_hash", "closing_hash"]].tolist()
    for key, pair, values in zip(keys, hashes, rows["values"], strict=True):
        last[key] = (*pair, values.tobytes())
    repeated = len(keys) - len(set(zip(keys, rows["revision"].tolist(), strict=True)))
    return {key: row for key, row in last.items() if row[0] != row[1]}, repeated
