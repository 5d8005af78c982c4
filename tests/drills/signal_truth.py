"""What signals must be: the batch judge over the bars and indicators of the truth, by the books that were taken."""

from collections.abc import Iterable
from itertools import groupby
from typing import Any

import numpy as np

from spark_apps.kernels import Kernels
from spark_apps.kernels.layouts import BOOK, FIGURES, HEADER, SIGNAL_OUT, Kind, Rows
from spark_apps.kernels.reasons import Reason
from spark_apps.tables.strategies import QUOTE_NUMBERS
from spark_apps.tables.strategy_model import Reads, Result
from tests.drills.indicator_truth import Indicators
from tests.drills.quote_truth import Figures
from tests.drills.truth import PLACE, Bars

# (number, session_date, instrument_id, bar_start, strategy) -> what the row says
Signals = dict[tuple[int, ...], tuple[Any, ...]]
# (number, session) -> the books of that session
Books = dict[tuple[int, int], list[bytes]]
SAYS = ["stance", "score", "target_before", "target", "result", "needs_approval", "book_hash", "expires_at"]
REFUSALS = (Reason.PARAMETERS_FIT_THE_FOLD, Reason.PARAMETERS_COME_BEFORE_THEIR_BARS)


def taken_books(number: int, taken: Iterable[tuple[int, bytes]], refused: Rows) -> Books:
    """Give the books over bars of PARAMETERS records, as (offset, record), that the fold took, by session."""
    aside = set(refused["input_offset"][np.isin(refused["reason"], REFUSALS)].tolist())
    books: Books = {}
    for offset, record in taken:
        if record[:1] == bytes([Kind.PARAMETERS]) and offset not in aside and len(record) > HEADER.itemsize:
            body = record[HEADER.itemsize :]
            head = np.frombuffer(body, BOOK, 1)[0]
            if head["reads"] == Reads.BAR:
                books.setdefault((number, int(head["session_date"])), []).append(body)
    return books


def batch_signals(
    bars: Bars, indicators: Indicators, figures: Figures, books: Books, widths: dict[int, int], kernels: Kernels
) -> Signals:
    """Judge the bars of each case and session that had books."""
    signals: Signals = {}
    keys = sorted(key for key in bars if key[:2] in books)
    for (number, day), group in groupby(keys, key=lambda key: key[:2]):
        here = list(group)
        prices = np.array([bars[key][:5] for key in here], np.float64)
        prices[:, :4] /= 10_000
        values = np.array([np.frombuffer(indicators[key][-1]) for key in here])
        said = np.array([_numbers(figures.get(key)) for key in here], np.float64)
        inputs = np.ascontiguousarray(np.hstack([prices, said, values]))
        ids, starts = (np.array([key[place] for key in here]) for place in (2, 3))
        days = np.full(len(here), day, np.int32)
        places = ids.astype(np.int32), days, starts
        made = kernels.signals_of(books[number, day], *places, inputs, widths[number], Reads.BAR)
        for row in made.view(SIGNAL_OUT):
            place = (number, day, int(row["instrument_id"]), int(row["bar_start"]), int(row["strategy"]))
            signals[place] = row[SAYS].item()
    return signals


def _numbers(figures: bytes | None) -> list[float]:
    if figures is None:
        return [np.nan] * len(QUOTE_NUMBERS)
    (row,) = np.frombuffer(figures, FIGURES, 1)
    return [float(row[name]) for name in QUOTE_NUMBERS]


def last_signals(number: int, rows: Rows) -> tuple[Signals, int]:
    """Give the last revision of each thing said that was not withdrawn, and how many keys came twice."""
    last: Signals = {}
    keys = [(number, day, one, start, strategy) for one, day, start, strategy in rows[[*PLACE, "strategy"]].tolist()]
    for key, says in zip(keys, rows[SAYS].tolist(), strict=True):
        last[key] = says
    repeated = len(keys) - len(set(zip(keys, rows["revision"].tolist(), strict=True)))
    result = SAYS.index("result")
    return {key: says for key, says in last.items() if says[result] != Result.WITHDRAWN}, repeated
