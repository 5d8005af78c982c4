"""What `tayho state` shows of a live fold that stands still."""

import pytest
from pyspark.sql import SparkSession

from spark_apps.errors import BadQuery, EmptyInput
from spark_apps.jobs.state import details, overview, symbol_of
from spark_apps.kernels.reference_bar_session import Bar, Clock, Emitted, Instrument, Trade
from spark_apps.lake.live_state import Held, read_state
from spark_apps.settings import Settings
from spark_apps.tables.sources import FOLD_INPUT
from tests.drills.application import Application
from tests.drills.market import expected
from tests.lake.conftest import MARKET


@pytest.fixture(scope="module")
def held(unbroken: Application, spark: SparkSession) -> list[Held]:
    """Read what the fold of an ended session holds."""
    return read_state(spark, unbroken.settings, "fold")


def test_each_symbol_has_its_line(held: list[Held], unbroken: Application) -> None:
    shown = overview(held)
    assert [row[:5] for row in shown.rows] == [
        (symbol_of(one), one.partition, "2026-11-16 09:05:11.000", 0, 0) for one in held
    ]
    truth = expected(MARKET)
    assert len(held) == MARKET.instruments
    # Numbers of refused entries are not spent; those of late ones are.
    assert sum(row[5] for row in shown.rows) == truth.accepted + truth.late
    assert sum(row[6] for row in shown.rows) == sum(bar[-1] > 0 for bar in truth.bars.values())
    assert all(row[8] > 100 for row in shown.rows)
    assert unbroken.read(FOLD_INPUT).num_rows > 0


def test_all_that_is_held_of_one_symbol_is_shown(held: list[Held]) -> None:
    bars, tail, seen = details(held, "XANB")
    assert (bars.rows, tail.rows) == ([], [])
    (source, first, _), *_ = seen.rows
    assert (source, first) == (1, 1)


def test_what_an_open_session_holds_is_shown() -> None:
    told = Emitted()
    told.take(Bar(0, 105_000, 110_000, 100_000, 100_500, 700, 1, 2))
    of = Instrument(None, {0: told}, [Trade(61 * 10**9, 1, 9, 105_000, 300)], {1: [(1, 4), (9, 9)]})
    held = [Held(0, Clock(62 * 10**9, 0), 1, of, 99)]
    assert overview(held).rows == [("XANB", 0, "1970-01-01 07:01:02.000", 1, 1, 5, 0, 0, 99)]
    bars, tail, seen = details(held, "XANB")
    assert bars.rows == [("1970-01-01 07:00:00.000", 0, "10.5000", "11.0000", "10.0000", "10.0500", 700)]
    assert tail.rows == [("1970-01-01 07:01:01.000", 1, 9, "10.5000", 300)]
    assert seen.rows == [(1, 1, 4), (1, 9, 9)]


def test_a_symbol_that_nobody_trades_is_named(held: list[Held]) -> None:
    with pytest.raises(BadQuery, match="symbol 'VNM': the fold holds nothing of it; it holds XANB, "):
        details(held, "VNM")


def test_a_stream_without_a_state_and_one_that_never_ran_are_named(spark: SparkSession, settings: Settings) -> None:
    with pytest.raises(BadQuery, match="'gold' keeps no state; 'fold' does"):
        read_state(spark, settings, "gold")
    with pytest.raises(EmptyInput, match="holds no committed batch. Start the live application"):
        read_state(spark, settings, "fold")
