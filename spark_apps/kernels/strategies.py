"""Write strategies as the fold reads them."""

import numpy as np

from spark_apps.kernels.layouts import BOOK, COMPARISON, STRATEGY
from spark_apps.kernels.reference_strategies import NAMED_BY
from spark_apps.kernels.sections import as_signed, byte_hash
from spark_apps.tables.strategies import NUMBER_OF, READABLE_OF
from spark_apps.tables.strategy_model import Book


def book_bytes(book: Book) -> bytes:
    """Write a book as the body of a PARAMETERS record, its session left 0: BOOK, STRATEGY and COMPARISON rows."""
    readable = READABLE_OF[book.reads]
    members = sorted(((NUMBER_OF[strategy.name], strategy) for strategy in book.strategies), key=lambda each: each[0])
    comparisons = [
        (
            number,
            role,
            comparison.below,
            readable.index(comparison.left),
            -1 if comparison.right is None else readable.index(comparison.right),
            comparison.factor,
            comparison.offset,
        )
        for number, strategy in members
        for role, comparison in strategy.comparisons()
    ]
    rules = (book.threshold, book.horizon, book.needs_approval)
    head = np.array((0, book.reads, book.begins, *rules, len(members), len(comparisons)), BOOK)
    rows = np.array([(number, strategy.side, strategy.weight) for number, strategy in members], STRATEGY)
    return head.tobytes() + rows.tobytes() + np.array(comparisons, COMPARISON).tobytes()


def book_hash(book: Book) -> int:
    """Give the hash under which signals name the book that they follow from, as int64."""
    return as_signed(byte_hash(book_bytes(book)[NAMED_BY:]))
