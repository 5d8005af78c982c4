"""Judge whole sessions of bars slowly: the twin of `cpp_udfs/include/kernels/signals.hpp`, to the byte."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from spark_apps.errors import SchemaMismatch
from spark_apps.kernels.layouts import SIGNAL_OUT, Bytes, Ints
from spark_apps.kernels.reference_strategies import Book, Books, Stance
from spark_apps.tables.strategies import STANDING_NUMBERS
from spark_apps.tables.strategy_model import NUMBERS


def signals_of(
    books: Sequence[bytes],
    instrument_id: NDArray[np.int32],
    session_date: NDArray[np.int32],
    bar_start: Ints,
    inputs: NDArray[np.float64],
    width: int,
    reads: int,
) -> Bytes:
    """Give SIGNAL_OUT rows as bytes: a row for each thing that a strategy did; every session opens without a stance.

    Rows stand by (instrument_id, bar_start), `inputs` holds the numbers of each bar, NaN for none. `books` are bodies
    of PARAMETERS records, all of which read `reads`. Raise SchemaMismatch where a book does not fit.
    """
    known = Books()
    for body in books:
        book = Book.read(body, inputs.shape[1])
        if book is None or book.reads != reads or (reads and inputs.shape[1] != len(STANDING_NUMBERS)):
            raise SchemaMismatch(f"signals: a book does not fit {inputs.shape[1]} numbers per bar")
        known.put(book)
    rows, before, last = [], Stance(), None
    places = zip(instrument_id.tolist(), session_date.tolist(), bar_start.tolist(), inputs.tolist(), strict=True)
    for key, session, start, numbers in places:
        before = before if (key, session) == last else Stance()
        last = key, session
        book = known.at(start, reads)
        if book is None:
            continue
        after = book.judge(before, numbers)
        rows += [
            (0, 0, 0, 0, key, session, 0, *book.row(start, width, number, said), start + width)
            for number in NUMBERS
            if (said := book.say(number, before, after))
        ]
        before = after
    return np.array(rows, SIGNAL_OUT).view(np.uint8)
