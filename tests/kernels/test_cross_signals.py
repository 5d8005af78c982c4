"""Strategies over standings in the second fold: first and last words, books of several partitions, what is refused."""

import numpy as np
import pytest

from spark_apps.errors import SchemaMismatch
from spark_apps.kernels import Kernels
from spark_apps.kernels.layouts import BOOK, CAUSE, COMPARISON, SIGNAL_OUT, STRATEGY, ClockFlag, Kind, Rows
from spark_apps.kernels.output_records import read_output, split_outputs
from spark_apps.kernels.reasons import Reason
from spark_apps.kernels.records import cut, encode_book, encode_parameters, join
from spark_apps.tables.strategies import STANDING_NUMBERS
from spark_apps.tables.strategy_model import NO_STRATEGY, Reads, Result, Role
from tests.drills.cases import Case
from tests.drills.cross_cases import fold_of
from tests.kernels.session import OPEN, SECOND, SESSION, clock, corrections, entry, trades

PARAMETERS = (60 * SECOND, 10 * SECOND, 120 * SECOND, 50, 3, 7)
MOVE_RANK, VALUE_RANK = STANDING_NUMBERS.index("move_rank_15"), STANDING_NUMBERS.index("value_rank")
DECISIVE, WITHDRAWN = Result.DECISIVE, Result.WITHDRAWN


def book_of(column: int = VALUE_RANK, *, begins: int = 0, session: int = SESSION, **head: int) -> bytes:
    """Write a book whose strategy 2 buys the highest by a column, and leaves once it is below."""
    comparisons = [(2, Role.ENTER, 0, column, -1, 1.0, 1.0), (2, Role.LEAVE, 1, column, -1, 1.0, 1.0)]
    given = {"reads": Reads.STANDING, "threshold": 1, "horizon": 3} | head
    row = (session, given["reads"], begins * SECOND, given["threshold"], given["horizon"], 0, 1, len(comparisons))
    strategies = np.array([(2, 1, 1)], STRATEGY)
    return np.array(row, BOOK).tobytes() + strategies.tobytes() + np.array(comparisons, COMPARISON).tobytes()


def parameters(book: bytes) -> bytes:
    return encode_parameters(SESSION, book)


def outputs(kernels: Kernels, lane: list[bytes], number: int = 0) -> list[bytes]:
    """Fold the records of a partition."""
    return cut(*kernels.BarFold(*PARAMETERS[:5], number).apply(np.arange(len(lane)), *join(lane)))


def crossed(kernels: Kernels, *lanes: list[bytes]) -> Rows:
    """Fold the records of each partition, and what they give."""
    records = [one for number, lane in enumerate(lanes) for one in outputs(kernels, lane, number)]
    data, bounds, _ = fold_of(Case(PARAMETERS, [], ([0], [0]), ()), len(lanes), kernels).apply(*join(records))
    return split_outputs(data, bounds)[Kind.CROSS_SIGNAL]


def said(rows: Rows) -> list[tuple[int, ...]]:
    """Give signals as (instrument, minute, revision, strategy, stance, target before, target, result)."""
    names = ["instrument_id", "bar_start", "revision", "strategy", "stance", "target_before", "target", "result"]
    return [(one, start // (60 * SECOND), *rest) for one, start, *rest in rows[names].tolist()]


def minute(number: int, *quantities: int) -> list[bytes]:
    """Trade instruments 1, 2, ... so much in a minute, and close it."""
    traded = [
        entry(number, 60 * number + 5, 100, quantity, instrument_id=one) for one, quantity in enumerate(quantities, 1)
    ]
    return [trades(*traded), clock(60 * (number + 1))]


BUYS = parameters(book_of())


def test_a_strategy_enters_and_leaves_as_the_bar_stands(kernels: Kernels) -> None:
    rows = crossed(kernels, [OPEN, BUYS, *minute(0, 5, 3), *minute(1, 1, 9), *minute(2, 50, 1)])
    assert said(rows) == [
        (1, 0, 0, 2, 1, 0, 1, DECISIVE),
        (1, 1, 0, 2, 0, 1, 0, DECISIVE), (2, 1, 0, 2, 1, 0, 1, DECISIVE),
        (1, 2, 0, 2, 1, 0, 1, DECISIVE), (2, 2, 0, 2, 0, 1, 0, DECISIVE),
    ]  # fmt: skip
    assert rows["available_at"].tolist() == [60 * SECOND, *[120 * SECOND] * 2, *[180 * SECOND] * 2]
    assert rows["expires_at"][0] == 4 * 60 * SECOND


def test_without_a_book_over_standings_there_are_standings_alone(kernels: Kernels) -> None:
    other = parameters(book_of(session=SESSION, begins=600))
    assert said(crossed(kernels, [OPEN, *minute(0, 5, 3)])) == []
    assert said(crossed(kernels, [OPEN, other, *minute(0, 5, 3)])) == []


def test_a_late_trade_changes_what_was_said_once_when_its_minute_settles(kernels: Kernels) -> None:
    late = trades(entry(9, 50, 100, 40, instrument_id=2))
    rows = crossed(kernels, [OPEN, BUYS, *minute(0, 5, 3), late, clock(75)])
    assert said(rows) == [
        (1, 0, 0, 2, 1, 0, 1, DECISIVE), (1, 0, 1, 2, 0, 0, 0, WITHDRAWN), (2, 0, 0, 2, 1, 0, 1, DECISIVE),
    ]  # fmt: skip
    assert rows["available_at"].tolist() == [60 * SECOND, *[75 * SECOND] * 2]


def test_a_bar_that_corrections_emptied_takes_back_what_was_said_of_it(kernels: Kernels) -> None:
    empties = corrections(entry(7, 55, 1, 0, instrument_id=1, corrects_seq=1))
    lane = [
        OPEN,
        BUYS,
        trades(entry(1, 55, 100, 9), entry(1, 55, 100, 2, instrument_id=2)),
        clock(60),
        empties,
        clock(75),
    ]
    assert [row for row in said(crossed(kernels, lane)) if row[0] == 1] == [
        (1, 0, 0, 2, 1, 0, 1, DECISIVE), (1, 0, 1, 2, 0, 0, 0, WITHDRAWN),
    ]  # fmt: skip


def test_the_book_of_the_partition_that_comes_first_is_in_force_for_all(kernels: Kernels) -> None:
    own = [OPEN, BUYS, *minute(0, 5), *minute(1, 1)]
    behind = [OPEN, trades(entry(1, 6, quantity=2, instrument_id=2)), clock(60), BUYS, clock(120)]
    assert said(crossed(kernels, own, behind)) == [(1, 0, 0, 2, 1, 0, 1, DECISIVE)]


def test_a_later_book_moves_the_target_by_itself(kernels: Kernels) -> None:
    strict = parameters(book_of(begins=60, threshold=2))
    assert said(crossed(kernels, [OPEN, BUYS, strict, *minute(0, 5, 3), *minute(1, 9, 1)])) == [
        (1, 0, 0, 2, 1, 0, 1, DECISIVE),
        (1, 1, 0, NO_STRATEGY - Reads.STANDING, 0, 1, 0, DECISIVE),
    ]  # fmt: skip


def test_a_book_for_bars_of_which_something_was_told_changes_nothing(kernels: Kernels) -> None:
    given = outputs(kernels, [OPEN, *minute(0, 5, 3), *minute(1, 9, 1)])
    cause = np.frombuffer(given[-1], CAUSE, 1, 8).copy()
    cause["input_offset"], cause["ordinal"] = 50, 0
    late = encode_book(cause[0], book_of(begins=60))
    progress = outputs(kernels, [OPEN, *[clock(1)] * 60, clock(200)])[-1]
    fold = fold_of(Case(PARAMETERS, [], ([0], [0]), ()), 1, kernels)
    before = fold.apply(*join(given))
    assert len(split_outputs(*before[:2])[Kind.STANDING]) == 4
    after = fold.apply(*join([late, progress]))
    assert len(split_outputs(*after[:2])[Kind.CROSS_SIGNAL]) == 0


def test_every_session_opens_without_books_and_stances(kernels: Kernels) -> None:
    def day(session: int, second: int, *books: bytes) -> list[bytes]:
        traded = [entry(1, second + 5, 100, 10 - one, session_date=session, instrument_id=one) for one in (1, 2)]
        opens, ends = clock(second, session, ClockFlag.OPENS), clock(second + 61, session, ClockFlag.ENDS)
        return [opens, *books, trades(*traded), clock(second + 60, session), ends]

    first, second = encode_parameters(20, book_of()), encode_parameters(22, book_of())
    lane = [*day(20, 0, first), *day(21, 86_400), *day(22, 2 * 86_400, second)]
    assert crossed(kernels, lane)["session_date"].tolist() == [20, 22]


def test_the_first_fold_hands_on_a_book_over_standings_once(kernels: Kernels) -> None:
    given = outputs(kernels, [OPEN, BUYS, BUYS, *minute(0, 5, 3)])
    books = [record for record in given if record[0] == Kind.BOOK]
    assert [record[8 + CAUSE.itemsize :] for record in books] == [BUYS[8:]]
    kind, cause = read_output(books[0])
    assert cause is not None
    assert kind == Kind.BOOK
    assert cause[["input_offset", "ordinal"]].item() == (1, 0)


def test_a_book_over_standings_for_bars_that_were_given_is_refused(kernels: Kernels) -> None:
    given = outputs(kernels, [OPEN, *minute(0, 5), BUYS])
    assert split_outputs(*join(given))[Kind.REFUSED]["reason"].tolist() == [Reason.PARAMETERS_COME_BEFORE_THEIR_BARS]
    assert [record for record in given if record[0] == Kind.BOOK] == []


@pytest.mark.parametrize(
    "book",
    [book_of(len(STANDING_NUMBERS)), book_of(reads=2), book_of()[:-1], book_of(threshold=0)],
    ids=["a column too many", "reads nothing known", "cut off", "no threshold"],
)
def test_bytes_that_are_no_book_over_standings_are_refused(kernels: Kernels, book: bytes) -> None:
    given = split_outputs(*join(outputs(kernels, [OPEN, parameters(book)])))
    assert given[Kind.REFUSED]["reason"].tolist() == [Reason.PARAMETERS_FIT_THE_FOLD]
    cause = np.zeros(1, CAUSE)
    cause["generation"] = 3
    fold = fold_of(Case(PARAMETERS, [], ([0], [0]), ()), 1, kernels)
    fold.touched()
    fold.apply(*join([encode_book(cause[0], book), encode_book(cause[0], book_of(reads=Reads.BAR))]))
    assert fold.touched() == []


def test_the_batch_judges_by_books_of_the_kind_that_it_names(kernels: Kernels) -> None:
    ids, days, starts = np.ones(1, np.int32), np.ones(1, np.int32), np.zeros(1, np.int64)
    inputs = np.ones((1, len(STANDING_NUMBERS)))
    made = kernels.signals_of([book_of()], ids, days, starts, inputs, 60, Reads.STANDING).view(SIGNAL_OUT)
    assert made["strategy"].tolist() == [2]
    for reads, width in ((Reads.BAR, 5), (Reads.STANDING, 6)):
        with pytest.raises(SchemaMismatch, match="signals: a book does not fit"):
            kernels.signals_of([book_of()], ids, days, starts, np.ones((1, width)), 60, reads)
