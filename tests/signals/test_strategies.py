"""Strategies: what they read is declared, their parameters are typed, and a batch judges bars as the live fold does."""

from dataclasses import dataclass, replace
from typing import Any, ClassVar

import pytest
from pyspark.sql import SparkSession

from spark_apps.kernels import choose
from spark_apps.kernels.strategies import book_hash
from spark_apps.settings import CrossStrategyBook, StrategyBook
from spark_apps.signals.strategies import judge_minutes, judge_standings
from spark_apps.tables import strategies
from spark_apps.tables.features import CROSS_SECTION_1M
from spark_apps.tables.indicators import INDICATORS_1M
from spark_apps.tables.market import BARS_1M
from spark_apps.tables.quotes import QUOTES_1M
from spark_apps.tables.signals import CROSS_SIGNALS_1M, SIGNALS_1M
from spark_apps.tables.strategies import ALL_STRATEGIES, NUMBERS_OF, BookPressure, Momentum, make
from spark_apps.tables.strategy_model import STRATEGY_LIMIT, Comparison, Reads, Strategy, at_least, below
from tests.frames import DAY, rows

MINUTE = 60_000_000_000


@dataclass(frozen=True)
class Rising(Strategy):
    """Buy above a price."""

    name = "rising"
    inputs: ClassVar[tuple[str, ...]] = ("close",)
    price: float = 5.0

    def enter(self) -> tuple[Comparison, ...]:
        """Ask for the price."""
        return (at_least("close", self.price),)

    def leave(self) -> tuple[Comparison, ...]:
        """Ask for less."""
        return (below("close", self.price),)


def of(**members: Any) -> type[Strategy]:
    """Give a strategy like Rising with members of its own."""
    return dataclass(frozen=True)(type("Odd", (Rising,), {**members, "__annotations__": {}}))


@pytest.mark.parametrize("role", ["enter", "leave", "filter"])
def test_a_strategy_that_reads_what_it_does_not_declare_fails_as_it_is_loaded(role: str) -> None:
    undeclared = of(**{role: lambda _: (at_least("close", "sma_20"),)})
    with pytest.raises(ValueError, match=f"strategy rising: {role} reads 'sma_20', which its inputs do not declare"):
        undeclared()


@pytest.mark.parametrize("role", ["enter", "leave"])
def test_a_strategy_that_compares_nothing_fails_as_it_is_loaded(role: str) -> None:
    with pytest.raises(ValueError, match=f"strategy rising: {role} compares nothing"):
        of(**{role: lambda _: ()})()


def test_a_name_that_is_no_name_is_refused() -> None:
    with pytest.raises(ValueError, match="strategy 'Rising!': the name is not lower-case"):
        of(name="Rising!")()


@pytest.mark.parametrize("given", ["5", None, True, float("nan")])
def test_a_parameter_of_another_type_is_refused(given: object) -> None:
    with pytest.raises(ValueError, match="strategy rising: parameter price"):
        Rising(price=given)  # type: ignore[arg-type]  # what the test is about


@pytest.mark.parametrize("weight", [0, -1, 1_000_001, 1.5])
def test_a_weight_that_is_no_vote_is_refused(weight: float) -> None:
    with pytest.raises(ValueError, match="strategy rising: .*weight"):
        Rising(weight=weight)  # type: ignore[arg-type]  # what the test is about


def test_names_that_do_not_exist_are_refused_with_those_that_do(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValueError, match="no strategy 'momentun'; take one of: momentum, mean_reversion"):
        make("momentun", {})
    with pytest.raises(ValueError, match="strategy momentum: no parameter ris; it has rise, weight"):
        make("momentum", {"ris": 1})

    class Unregistered(Rising):
        inputs: ClassVar[tuple[str, ...]] = ("close", "moon_phase")

    monkeypatch.setattr(strategies, "ALL_STRATEGIES", (Unregistered,))
    with pytest.raises(ValueError, match="strategy rising: input 'moon_phase' is none that it may read"):
        make("rising", {})


def test_every_strategy_is_made_by_its_name_with_its_defaults() -> None:
    assert [type(make(each.name, {})) for each in ALL_STRATEGIES] == list(ALL_STRATEGIES)
    assert len(ALL_STRATEGIES) <= STRATEGY_LIMIT


def test_a_comparison_reads_as_a_person_would_write_it() -> None:
    assert str(at_least("close", "sma_20", 1.02, -0.5)) == "close >= 1.02 * sma_20 - 0.5"
    assert str(below("rsi_14", 30)) == "rsi_14 < 30"


def book(**members: dict[str, float]) -> StrategyBook:
    return StrategyBook.model_validate({"begins": "1970-01-01T00:00:00+00:00", "members": members})


def test_a_book_is_named_by_what_it_says_and_not_by_when() -> None:
    one = book(momentum={"rise": 0.5}).book
    assert book_hash(one) == book_hash(replace(one, begins=5))
    assert book_hash(one) != book_hash(book(momentum={"rise": 0.6}).book)
    assert book_hash(one) != book_hash(replace(one, threshold=2))


def judged(spark: SparkSession, *books: StrategyBook) -> list[tuple[Any, ...]]:
    """Judge three bars of two instruments."""
    places = [(one, minute) for one in (1, 2) for minute in range(3)]
    bars = [{"instrument_id": one, "session_date": DAY, "bar_start": m * MINUTE, "close": 10 + m} for one, m in places]
    indicators = [
        {
            "instrument_id": one,
            "session_date": DAY,
            "bar_start": m * MINUTE,
            "ema_20": 11.0,
            "roc_10": float(one),
            "available_at": 7 * MINUTE,
        }
        for one, m in places
    ]
    # Of instrument 1 no quote is known; of the other the book leans to the bid from the second bar on.
    quotes = [
        {
            "instrument_id": 2,
            "session_date": DAY,
            "bar_start": m * MINUTE,
            "bought_volume": 300,
            "sold_volume": 100,
            "spread_bps": 20.0,
            "depth_imbalance": 0.2 * m,
            "available_at": (9 if m else 2) * MINUTE,
        }
        for m in range(3)
    ]
    tables = (INDICATORS_1M, indicators), (BARS_1M, bars), (QUOTES_1M, quotes)
    indicator_rows, bar_rows, quote_rows = (rows(spark, table, *held) for table, held in tables)
    made = judge_minutes(indicator_rows, bar_rows, quote_rows, books, choose("preferred"))
    return [
        (row.instrument_id, row.bar_start // MINUTE, row.strategy, row.stance, row.result, row.available_at // MINUTE)
        for row in made.orderBy("instrument_id", "bar_start").collect()
    ]


def test_the_batch_judges_minute_bars(spark: SparkSession) -> None:
    assert judged(spark, book(momentum={"rise": 0.5})) == [
        (1, 1, "momentum", 1, "decisive", 7), (2, 1, "momentum", 1, "decisive", 9),
    ]  # fmt: skip


def test_a_strategy_over_quotes_is_judged_once_they_are_known_and_never_without_them(spark: SparkSession) -> None:
    assert judged(spark, book(book_pressure={"imbalance": 0.3})) == [(2, 2, "book_pressure", 1, "decisive", 9)]


def test_the_batch_judges_how_bars_stand_among_all_others(spark: SparkSession) -> None:
    given = {"begins": "1970-01-01T00:00:00+00:00", "members": {"cross_momentum": {"rank": 0.9, "traded": 0.5}}}
    standings = [
        {
            "instrument_id": one,
            "session_date": DAY,
            "bar_start": minute * MINUTE,
            "move_rank_15": rank,
            "value_rank": traded,
            "available_at": (minute + 1) * MINUTE,
        }
        for one, traded in ((1, 0.8), (2, 0.2))
        for minute, rank in enumerate((None, 0.9, 0.6, 0.4))
    ]
    books = [CrossStrategyBook.model_validate(given)]
    made = judge_standings(rows(spark, CROSS_SECTION_1M, *standings), books, choose("preferred"))
    assert [
        (row.instrument_id, row.bar_start // MINUTE, row.strategy, row.stance, row.result, row.available_at // MINUTE)
        for row in made.orderBy("instrument_id", "bar_start").collect()
    ] == [
        (1, 1, "cross_momentum", 1, "decisive", 2), (1, 3, "cross_momentum", 0, "decisive", 4),
        (2, 1, "cross_momentum", 1, "filtered", 2), (2, 3, "cross_momentum", 0, "filtered", 4),
    ]  # fmt: skip


def test_without_books_there_are_no_signals(spark: SparkSession) -> None:
    assert judged(spark) == []


def test_what_is_read_comes_from_the_tables_that_the_batch_is_made_of() -> None:
    assert set(NUMBERS_OF[Reads.BAR]) == set(SIGNALS_1M.made_from)
    assert set(NUMBERS_OF[Reads.STANDING]) == set(CROSS_SIGNALS_1M.made_from)
    for table, names in (NUMBERS_OF[Reads.BAR] | NUMBERS_OF[Reads.STANDING]).items():
        assert set(names) <= {column.name for column in table.columns}


def test_book_pressure_asks_for_a_lean_that_trades_confirm_and_a_spread_that_is_worth_it() -> None:
    pressure = BookPressure()
    assert [str(each) for each in pressure.enter()] == [
        "depth_imbalance >= 0.3", "bought_volume >= 1.5 * sold_volume",
    ]  # fmt: skip
    assert [str(each) for each in (*pressure.leave(), *pressure.filter())] == ["depth_imbalance < 0", "spread_bps < 50"]


def test_momentum_asks_for_a_rise_that_holds() -> None:
    assert [str(each) for each in Momentum().enter()] == ["roc_10 >= 0.5", "close >= ema_20"]
