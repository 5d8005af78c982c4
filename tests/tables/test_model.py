"""The nouns refuse what contradicts itself."""

from dataclasses import replace
from typing import Any

import pytest

from spark_apps.errors import UnknownTable
from spark_apps.tables import ALL_TABLES, named, set_aside_tables
from spark_apps.tables.market import BARS_1M, TICKS, TRADES
from spark_apps.tables.model import Column, in_order


def test_each_table_stands_after_what_it_is_made_from() -> None:
    place = {table.full_name: number for number, table in enumerate(ALL_TABLES)}
    assert all(place[source.full_name] < place[table.full_name] for table in ALL_TABLES for source in table.made_from)


def test_a_circle_is_refused_with_its_path() -> None:
    first = replace(BARS_1M, name="first", made_from=())
    second = replace(BARS_1M, name="second", made_from=(first,))
    object.__setattr__(first, "made_from", (second,))
    with pytest.raises(ValueError, match="gold.first -> gold.second -> gold.first"):
        in_order((first, second))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"key": ("nothing",)}, "'nothing' is used but not declared"),
        ({"columns": (*BARS_1M.columns, BARS_1M.columns[0])}, "a column is declared twice"),
        ({"rules": (*BARS_1M.rules, BARS_1M.rules[0])}, "a rule is declared twice"),
        ({"name": "Bars"}, "'Bars' is not a lower-case name"),
        ({"first_by": ("nothing",)}, "first_by names 'nothing'"),
    ],
)
def test_a_declaration_that_contradicts_itself_is_refused(change: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        replace(BARS_1M, **change)


def test_an_unknown_name_is_answered_with_the_names_there_are() -> None:
    with pytest.raises(UnknownTable, match="take one of: .*silver.trades"):
        named("silver.trade")


def test_row_wise_tables_have_places_for_what_they_would_not_take() -> None:
    assert [table.full_name for table in set_aside_tables(TICKS)] == [
        "quarantine.ticks",
        "late.ticks",
        "duplicate.ticks",
    ]
    assert [table.full_name for table in set_aside_tables(TRADES)] == ["quarantine.trades"]
    assert set_aside_tables(BARS_1M) == ()


def test_a_quote_in_a_comment_survives_as_sql() -> None:
    assert Column("a", "INT", "The source's number.").ddl == "`a` INT NOT NULL COMMENT 'The source\\'s number.'"
