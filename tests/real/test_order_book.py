"""Real order-book lines: the book that changes leave is the exchange's own, and what it tells of bars the oracle's."""

from bisect import bisect_right
from itertools import islice

import pytest

from spark_apps.kernels import choose
from spark_apps.sources.admit import entries_of
from tests.drills.order_book import Book, accepted, captured, envelope, lines
from tests.drills.quote_truth import batch_figures, oracle_figures
from tests.plugins import REAL_DATA

pytestmark = pytest.mark.real_data
LINES = 20_000


def test_a_kept_book_begins_with_the_ticker_of_its_update() -> None:
    book, tickers, met = Book(), {}, []
    for _, said in islice(captured(REAL_DATA, "usdm_btcusdt_20240808.gz"), LINES):
        if said.get("e") == "trade":
            continue
        book.take(said)
        if said.get("e") == "bookTicker":
            tickers[said["u"]] = book.best
        elif said.get("e") == "depthUpdate" and book.bids.prices and tickers:
            bid, ask = book.bids.prices[-1], book.asks.prices[0]
            met.append((said["u"], ((bid, book.bids.quantities[bid]), (ask, book.asks.quantities[ask]))))
    updates = sorted(tickers)
    own = [(best, tickers[updates[bisect_right(updates, update) - 1]]) for update, best in met]
    assert len(own) > 1_000
    assert [kept for kept, _ in own] == [told for _, told in own]


def test_what_lines_tell_of_bars_is_what_another_engine_makes_of_them() -> None:
    said = list(islice(lines(REAL_DATA), LINES))
    trades, quotes = accepted(said)
    messages = [envelope(line) for line in said]
    sent = entries_of([one for one in messages if one.channel == "quote"])
    assert sent.tolist() == quotes[list(sent.dtype.names or ())].tolist()
    figures = batch_figures(trades, quotes, choose("preferred"))
    assert len(figures) > 1
    assert figures == oracle_figures(trades, quotes)
