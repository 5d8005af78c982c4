"""Take what opens a session: the state that an instrument's indicators go on from, and the books of strategies.

What the contract of the fold leaves open is decided here:

- Indicators go on from session to session; a seed replaces them. It comes in the session that it names, before any
  trade of its instrument; another is refused. A bar's are told anew where the history they stand on changed.
- A book is taken in the session that it names, and judges bars that start at its `from` or later: one that comes once
  such a bar was given is refused, the very book in force is passed over. Every session opens without books and stances.
- A book over standings is handed on to the second fold, which judges by it.
"""

from spark_apps.errors import StateMismatch
from spark_apps.kernels.reasons import Reason
from spark_apps.kernels.reference_bar_session import NO_SESSION, Clock, Instrument
from spark_apps.kernels.reference_emission import Emission
from spark_apps.kernels.reference_indicator_state import IndicatorStage
from spark_apps.kernels.reference_strategies import Book, Books
from spark_apps.tables.strategy_model import Reads


def open_with(
    stage: IndicatorStage, clock: Clock, instruments: dict[int, Instrument], key: int, session: int, section: bytes
) -> int:
    """Open an instrument's indicators with a state of the night; give the rule that forbids it, 0 for none."""
    instrument = instruments.get(key, Instrument())
    if key < 1 or not session == clock.session != NO_SESSION or instrument.seen:
        return Reason.SEED_OPENS_ITS_SESSION
    try:
        instrument.indicators = stage.read(str(key), section)
    except StateMismatch:
        return Reason.SEED_FITS_THE_FOLD
    instruments[key] = instrument
    return 0


def put_in_force(books: Books, clock: Clock, book: Book | None, out: Emission) -> int | None:
    """Put a book in force for the bars from one on that none was given of yet; give the rule that forbids it.

    0 where none does, and nothing at all where the very book is in force already.
    """
    if book is None:
        return Reason.PARAMETERS_FIT_THE_FOLD
    is_open = book.session == clock.session != NO_SESSION
    if is_open and books.has(book):
        return None
    if not is_open or book.begins <= clock.judged:
        return Reason.PARAMETERS_COME_BEFORE_THEIR_BARS
    books.put(book)
    if book.reads == Reads.STANDING:
        out.hand_on(book.body)
    return 0
