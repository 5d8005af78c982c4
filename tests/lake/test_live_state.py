"""What `tayho state` shows of a live fold that stands still."""

import pytest
from pyspark.sql import SparkSession

from spark_apps.errors import BadQuery, EmptyInput
from spark_apps.jobs.state import details, overview, shown, standing_of, standings, symbol_of
from spark_apps.kernels.parameters import FoldParameters
from spark_apps.kernels.reference_bar_session import Clock, Emitted, Instrument
from spark_apps.kernels.reference_cross_section import Standing
from spark_apps.kernels.reference_cross_state import TailBar
from spark_apps.kernels.reference_quotes import OF_QUOTES, Quote, QuoteState
from spark_apps.kernels.reference_trades import Bar, Trade
from spark_apps.lake.live_state import Held, read_fold
from spark_apps.settings import Settings
from spark_apps.tables.live import CROSS_SECTION_1M_LIVE, LATE_QUOTES_LIVE
from spark_apps.tables.sources import FOLD_INPUT
from tests.drills.application import Application
from tests.drills.market import expected
from tests.drills.stream_parity import accepted_books
from tests.lake.conftest import MARKET


@pytest.fixture(scope="module")
def held(unbroken: Application, spark: SparkSession) -> list[Held]:
    """Read what the fold of an ended session holds."""
    return read_fold(spark, unbroken.settings)


def test_each_symbol_has_its_line(held: list[Held], unbroken: Application) -> None:
    shown = overview(held)
    assert [row[:5] for row in shown.rows] == [
        (symbol_of(one.instrument_id), one.partition, "2026-11-16 09:05:11.000", 0, 0) for one in held
    ]
    truth = expected(MARKET)
    assert len(held) == MARKET.instruments
    # Numbers of refused entries are not spent; those of late ones are.
    assert sum(row[5] for row in shown.rows) == truth.accepted + truth.late
    late_quotes = unbroken.read(LATE_QUOTES_LIVE).num_rows
    assert sum(row[9] for row in shown.rows) == len(accepted_books(unbroken)) + late_quotes
    assert sum(row[6] for row in shown.rows) == sum(bar[-1] > 0 for bar in truth.bars.values())
    assert all(row[10] > 100 for row in shown.rows)
    assert unbroken.read(FOLD_INPUT).num_rows > 0


def test_all_that_is_held_of_one_symbol_is_shown(held: list[Held]) -> None:
    bars, tail, quotes, seen = details(held, "XANB")
    assert (bars.rows, tail.rows, quotes.rows) == ([], [], [])
    (what, source, first, _), *_ = seen.rows
    assert (what, source, first) == ("trades", 1, 1)


def test_what_an_open_session_holds_is_shown() -> None:
    told = Emitted()
    told.take(Bar(0, 105_000, 110_000, 100_000, 100_500, 700, 1, 2))
    quote = Quote(61 * 10**9, 1, 7, 104_500, 200, 0, 0, 200, 0)
    numbers = {1: [(1, 4), (9, 9)], 1 | OF_QUOTES: [(7, 7)]}
    quoted = QuoteState(tail=[quote])
    of = Instrument(None, {0: told}, [Trade(61 * 10**9, 1, 9, 105_000, 300)], numbers, quoted)
    held = [Held(0, Clock(62 * 10**9, 0), 1, of, 99)]
    assert overview(held).rows == [("XANB", 0, "1970-01-01 07:01:02.000", 1, 1, 5, 0, 0, 1, 1, 99)]
    bars, tail, quotes, seen = details(held, "XANB")
    assert bars.rows == [("1970-01-01 07:00:00.000", 0, "10.5000", "11.0000", "10.0000", "10.0500", 700)]
    assert tail.rows == [("1970-01-01 07:01:01.000", 1, 9, "10.5000", 300)]
    assert quotes.rows == [("1970-01-01 07:01:01.000", 1, 7, "10.4500", 200, "0.0000", 0)]
    assert seen.rows == [("trades", 1, 1, 4), ("trades", 1, 9, 9), ("quotes", 1, 7, 7)]


def test_a_symbol_that_nobody_trades_is_named(held: list[Held]) -> None:
    with pytest.raises(BadQuery, match="symbol 'VNM': the fold holds nothing of it; it holds XANB, "):
        details(held, "VNM")


def test_a_stream_without_a_state_and_one_that_never_ran_are_named(spark: SparkSession, settings: Settings) -> None:
    with pytest.raises(BadQuery, match="'gold' keeps no state; 'fold' and 'standing' do"):
        shown(spark, settings, "gold", None)
    for stream in ("fold", "standing"):
        with pytest.raises(EmptyInput, match="holds no committed batch. Start the live application"):
            shown(spark, settings, stream, None)


def test_what_the_second_fold_of_an_ended_session_holds_is_shown(unbroken: Application, spark: SparkSession) -> None:
    session, partitions = shown(spark, unbroken.settings, "standing", None)
    ((day, followed, instruments, minutes, tail),) = session.rows
    assert (day, followed, instruments, tail) == ("2026-11-16", "yes", MARKET.instruments, 0)
    assert minutes == len({row["bar_start"] for row in unbroken.read(CROSS_SECTION_1M_LIVE).to_pylist()})
    assert [row[1:] for row in partitions.rows] == [("2026-11-16 09:05:11.000",) * 2 + (0, 0)] * 2
    (of_symbol,) = shown(spark, unbroken.settings, "standing", "XANB")
    assert of_symbol.rows == []
    with pytest.raises(BadQuery, match="symbol 'VNM': the second fold holds nothing of it; it holds XANB, "):
        shown(spark, unbroken.settings, "standing", "VNM")


def test_what_the_second_fold_of_an_open_session_holds_is_shown() -> None:
    state = FoldParameters(60 * 10**9, 10**10, 0, 5, 1, partitions=2, kernels="off").cross_fold().read([])
    assert [row[1:] for row in standings(state)[1].rows] == [("nothing yet", "nothing yet", 0, 0)] * 2
    state.session, state.tail[0, 1] = 0, TailBar(2, 105_000, 7, 1, Standing(4, 0.5, 1.0, 0.25))
    assert standings(state)[0].rows == [("1970-01-01", "no: it was under way", 0, 0, 1)]
    ((bar, revision, close, peers, *numbers),) = standing_of(state, "XANB").rows
    assert (bar, revision, close, peers, numbers[:3]) == ("1970-01-01 07:00:00.000", 2, "10.5000", 4, [0.5, 1.0, 0.25])
