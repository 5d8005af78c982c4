"""What quotes must say of bars, two ways: the batch over accepted quotes and trades, and SQL of another engine."""

from collections import Counter
from collections.abc import Iterable

import duckdb
import numpy as np
import pyarrow as pa

from spark_apps.kernels import Kernels
from spark_apps.kernels.layouts import FIGURES, QUOTE, QUOTED_OUT, Kind, Rows
from tests.drills.truth import OWNER, PLACE, Key, as_corrected

# (number, session_date, instrument_id, bar_start) -> the figures as bytes
Figures = dict[Key, bytes]
NAMES = tuple(FIGURES.names or ())
FIELDS = tuple(QUOTE.names or ())
# How a quote and the row that sets it aside know each other, beside the offset they share.
SAME_QUOTE = tuple(name for name in FIELDS if name not in ("verdict", "reserved"))
QUOTES = np.dtype([("number", "<i8"), ("width", "<i8"), *((name, QUOTE[name]) for name in FIELDS)])

ORACLE = """
    WITH moves AS (
        SELECT *, event_time // width * width AS bar_start,
               lag(bid) OVER quoted AS bid_before, lag(bid_quantity) OVER quoted AS bid_quantity_before,
               lag(ask_quantity) OVER quoted AS ask_quantity_before,
               if(ask = 0, 9e18::BIGINT, ask) AS dear,
               lag(if(ask = 0, 9e18::BIGINT, ask)) OVER quoted AS dear_before
        FROM quotes
        WINDOW quoted AS (PARTITION BY number, session_date, instrument_id ORDER BY event_time, source, source_seq)
    ), flows AS (
        SELECT number, session_date, instrument_id, bar_start, count(*) AS quotes,
               coalesce(sum(if(bid >= bid_before, bid_quantity, 0) - if(bid <= bid_before, bid_quantity_before, 0)
                   - if(dear <= dear_before, ask_quantity, 0) + if(dear >= dear_before, ask_quantity_before, 0)), 0)
                   AS order_flow
        FROM moves GROUP BY ALL
    ), known AS (
        SELECT number, session_date, instrument_id, event_time,
               max_by((bid, bid_quantity, ask, ask_quantity, bid_depth, ask_depth), (source, source_seq)) AS book
        FROM quotes GROUP BY ALL
    ), crossings AS (
        SELECT trades.*, event_time // width * width AS bar_start,
               if(book[1] > 0 AND book[3] > 0, book[1] + book[3], 0) AS twice_middle
        FROM trades ASOF LEFT JOIN known USING (number, session_date, instrument_id, event_time)
        WHERE quantity > 0
    ), bars AS (
        SELECT number, session_date, instrument_id, bar_start, bar_start + width - 1 AS event_time,
               sum(if(twice_middle > 0 AND 2 * price > twice_middle, quantity, 0)) AS bought,
               sum(if(twice_middle > 0 AND 2 * price < twice_middle, quantity, 0)) AS sold,
               sum(if(twice_middle > 0, quantity * abs(2 * price - twice_middle), 0)) AS paid,
               sum(quantity * twice_middle) AS worth
        FROM crossings GROUP BY ALL
    )
    SELECT bars.number, bars.session_date, bars.instrument_id, bars.bar_start, known.event_time,
           book[1], book[2], book[3], book[4], book[5], book[6],
           coalesce(quotes, 0), coalesce(order_flow, 0), bought, sold,
           if(book[1] > 0 AND book[3] > 0, 2e4 * ((book[3] - book[1]) / (book[3] + book[1])), NULL),
           if(worth > 0, 2e4 * (paid / worth), NULL),
           if(book[5] + book[6] > 0, (book[5] - book[6]) / (book[5] + book[6]), NULL)
    FROM bars ASOF JOIN known
        ON bars.number = known.number AND bars.session_date = known.session_date
        AND bars.instrument_id = known.instrument_id AND bars.event_time >= known.event_time
    LEFT JOIN flows
        ON bars.number = flows.number AND bars.session_date = flows.session_date
        AND bars.instrument_id = flows.instrument_id AND bars.bar_start = flows.bar_start
"""


def accepted_quotes(
    number: int, width: int, taken: Iterable[tuple[int, Kind, Rows]], aside: Iterable[tuple[int, ...]]
) -> Rows:
    """Give the quotes that were not set aside; `taken` are (offset, kind, rows), `aside` offset and SAME_QUOTE."""
    left = Counter(aside)
    parts = [np.zeros(0, QUOTES)]
    for offset, kind, rows in taken:
        if kind != Kind.QUOTE:
            continue
        stays = np.ones(len(rows), np.bool_)
        for place, key in enumerate(rows[list(SAME_QUOTE)].tolist()):
            if left[offset, *key]:
                left[offset, *key] -= 1
                stays[place] = False
        part = np.zeros(np.count_nonzero(stays), QUOTES)
        part["number"], part["width"] = number, width
        for name in FIELDS:
            part[name] = rows[name][stays]
        parts.append(part)
    return np.concatenate(parts)


def batch_figures(accepted: Rows, quotes: Rows, kernels: Kernels) -> Figures:
    """Say at once what quotes tell of all bars: each case, session and instrument is an instrument of its own."""
    trades = np.sort(as_corrected(accepted), order=[*OWNER[:3], "event_time"])
    quotes = np.sort(quotes, order=[*OWNER[:3], "event_time", "source", "source_seq"])
    both = np.concatenate([trades[list(OWNER[:3])], quotes[list(OWNER[:3])]])
    owners, owner = np.unique(both, return_inverse=True)
    ids = (owner + 1).astype(np.int32)
    entries = np.zeros(len(quotes), QUOTE)
    for name in FIELDS:
        entries[name] = quotes[name]
    entries["instrument_id"] = ids[len(trades) :]
    figures: Figures = {}
    for width in np.unique(trades["width"]).tolist():
        here, there = trades["width"] == width, quotes["width"] == width
        time, price, quantity = (
            np.ascontiguousarray(trades[name][here]) for name in ("event_time", "price", "quantity")
        )
        made = kernels.quotes_of(
            ids[: len(trades)][here], time, price, quantity, entries[there].view(np.uint8), width
        ).view(QUOTED_OUT)
        for row in made:
            figures[*owners[row["instrument_id"] - 1].item(), int(row["bar_start"])] = _bytes(row)
    return figures


def oracle_figures(accepted: Rows, quotes: Rows) -> Figures:
    """Ask an engine that shares no line with the fold."""
    with duckdb.connect() as engine:
        for name, rows in (("trades", as_corrected(accepted)), ("quotes", quotes)):
            engine.register(name, pa.table({each: np.ascontiguousarray(rows[each]) for each in rows.dtype.names or ()}))
        found = engine.execute(ORACLE).fetchall()
    numbers = [tuple(np.nan if value is None else value for value in row) for row in found]
    return {tuple(map(int, row[:4])): np.array(row[4:], FIGURES).tobytes() for row in numbers}


def last_figures(number: int, rows: Rows) -> tuple[Figures, int]:
    """Give the last revision of what was said of each bar that has trades, and how many keys came twice."""
    last: Figures = {}
    keys = [(number, day, one, start) for one, day, start in rows[list(PLACE)].tolist()]
    for key, row in zip(keys, rows, strict=True):
        last[key] = _bytes(row)
        if row["quote_count"] < 0:
            del last[key]
    return last, len(keys) - len(set(zip(keys, rows["revision"].tolist(), strict=True)))


def _bytes(row: Rows) -> bytes:
    return np.array(row[list(NAMES)].item(), FIGURES).tobytes()
