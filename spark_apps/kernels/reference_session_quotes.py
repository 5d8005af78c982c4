"""Say what quotes tell of a session's bars at once: the twin of `cpp_udfs/include/kernels/session_quotes.hpp`."""

from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from spark_apps.errors import RuleViolated, SchemaMismatch
from spark_apps.kernels.layouts import AMOUNT_LIMIT, CLOCK_LIMIT, QUOTE, QUOTED_OUT, Bytes, Ints, Rows
from spark_apps.kernels.reference_admission import has_whole_sides
from spark_apps.kernels.reference_bar_state import check_parameters
from spark_apps.kernels.reference_quotes import Quote, QuoteState
from spark_apps.kernels.reference_trades import Trade


def quotes_of(
    instrument_id: NDArray[np.int32], event_time: Ints, price: Ints, quantity: Ints, quotes: Bytes, width: int
) -> Bytes:
    """Give the figures of each bar of `width` nanoseconds that has trades and a quote in force by its end.

    Grain: the bytes of a QUOTED_OUT row a bar, by (instrument_id, bar_start), available from its end. Trades stand by
    (instrument_id, event_time), quotes are the bytes of QUOTE rows of the same session by (instrument_id,
    event_time, source, source_seq); their verdicts are not read. Raise RuleViolated naming the first row of either that
    does not follow, or is none.
    """
    columns = (instrument_id, event_time, price, quantity)
    if len({len(column) for column in columns}) != 1:
        raise SchemaMismatch(f"quotes_of: columns of {[len(column) for column in columns]} rows; they must be equal")
    if len(quotes) % QUOTE.itemsize:
        raise SchemaMismatch("quotes_of: quotes must be the bytes of QUOTE rows")
    check_parameters(width, 0, 0, 1)
    trades, entries = list(zip(*(column.tolist() for column in columns), strict=True)), quotes.view(QUOTE)
    _refuse("trade", [one[:2] for one in trades], [_is_trade(*one) for one in trades], is_strict=False)
    places = entries[["instrument_id", "event_time", "source", "source_seq"]].tolist()
    _refuse(
        "quote",
        places,
        [one[0] >= 1 and _is_time(one[1]) and has_whole_sides(row) for one, row in zip(places, entries, strict=True)],
    )
    rows = [
        row
        for key, its in groupby(entries, key=lambda entry: int(entry["instrument_id"]))
        for row in _of_instrument(key, list(its), [one[1:] for one in trades if one[0] == key], width)
    ]
    return np.array(rows, QUOTED_OUT).view(np.uint8)


def _is_time(event_time: int) -> bool:
    return 0 <= event_time <= CLOCK_LIMIT


def _is_trade(key: int, event_time: int, price: int, quantity: int) -> bool:
    return key >= 1 and _is_time(event_time) and price > 0 and quantity >= 0 and price * quantity <= AMOUNT_LIMIT


def _refuse(what: str, places: list[tuple[int, ...]], are_good: list[bool], *, is_strict: bool = True) -> None:
    for row, (place, is_good) in enumerate(zip(places, are_good, strict=True)):
        follows = row == 0 or places[row - 1] < place or (places[row - 1] == place and not is_strict)
        if not (is_good and follows):
            raise RuleViolated(
                f"quotes_of: {what} {row} is none that follows the one before it. Set bad rows aside, and sort the "
                "rest by instrument and time first"
            )


def _of_instrument(
    key: int, entries: list[Rows], trades: list[tuple[int, int, int]], width: int
) -> list[tuple[int | float, ...]]:
    """Settle bar after bar, and tell each before its end."""
    state, tail = QuoteState(), [Trade(time, 0, 0, price, quantity) for time, price, quantity in trades]
    for entry in entries:
        _, _, source, _, _, seq, time, *sides = entry.item()
        state.take(Quote(time, source, seq, *sides))
    rows = []
    for start in sorted({trade.event_time // width * width for trade in tail if trade.quantity > 0}):
        state.settle(tail, start, width)
        tail = [trade for trade in tail if trade.event_time >= start]
        figures = state.figures(tail, start, width)
        if figures is not None:
            rows.append((0, 0, 0, 0, key, int(entries[0]["session_date"]), 0, start, *figures, start + width))
    return rows
