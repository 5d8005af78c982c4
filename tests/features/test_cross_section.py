"""Minute bars of a session and how each stands among the others, as the job makes them."""

from typing import Any

import pyarrow as pa
import pytest

from spark_apps.features.cross_section import rank_bars
from spark_apps.kernels import Kernels, choose
from spark_apps.kernels.arrow import decimals
from spark_apps.tables.features import CROSS_SECTION_1M, MARKET_MINUTES, MOVE_MINUTES, STANDING
from tests.kernels.test_cross_section import Bar, standings, walk

KERNELS: Kernels = choose("preferred")


def table(bars: list[Bar], available_at: list[int] | None = None) -> pa.Table:
    starts, ids, closes, values = (pa.array([bar[place] for bar in bars], pa.int64()) for place in range(4))
    return pa.table(
        {
            "instrument_id": ids.cast(pa.int32()),
            "bar_start": starts,
            "close": decimals(closes.to_numpy(), 18, 4),
            "value": decimals(values.to_numpy(), 28, 4),
            "available_at": pa.array(available_at or [bar[0] + 60 for bar in bars], pa.int64()),
        }
    )


def test_every_bar_has_a_row_with_the_columns_of_the_table_in_whatever_order_it_comes() -> None:
    bars = walk(3)
    made = rank_bars(table(bars[::-1]), KERNELS)
    assert made.column_names == [
        name for name in CROSS_SECTION_1M.column_names if name not in ("session_date", "run_id")
    ]
    found = standings(KERNELS, bars, MOVE_MINUTES, MARKET_MINUTES)
    assert made["instrument_id"].to_pylist() == [bar[1] for bar in bars]
    for column, values in zip(STANDING, found.values(), strict=True):
        assert made[column.name].to_pylist() == [None if value != value else value for value in values.tolist()]


def test_first_minutes_are_null_and_no_number_is_none() -> None:
    made = rank_bars(table(walk(4)), KERNELS).to_pylist()
    assert made[0]["move_15"] is None and made[0]["market_correlation_30"] is None
    assert all(isinstance(made[-1][column.name], int | float) for column in STANDING)


@pytest.mark.parametrize(("late", "known"), [(0, [60, 60, 120]), (200, [260, 260, 260])])
def test_a_row_is_known_once_every_bar_up_to_its_minute_is(late: int, known: list[int]) -> None:
    bars: list[Bar] = [(0, 1, 10, 1), (0, 2, 10, 1), (60, 1, 11, 1)]
    made = rank_bars(table(bars, [60, 60 + late, 120]), KERNELS)
    assert made["available_at"].to_pylist() == known


def test_no_bars_make_no_rows() -> None:
    nothing: dict[str, Any] = rank_bars(table([]), KERNELS).to_pydict()
    assert set(map(len, nothing.values())) == {0}
