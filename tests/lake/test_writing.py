"""Days replaced in a table that is not cut by day: other days stay, in their files where they can."""

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from spark_apps.lake import writing
from spark_apps.lake.location import location
from spark_apps.lake.tables import arrow_schema, ensure
from spark_apps.lake.writing import append_arrow, replace_rows, write_file
from spark_apps.settings import Settings
from spark_apps.tables.indicators import INDICATOR_STATES_1D as TABLE
from tests.frames import DAY

DAYS = [DAY + timedelta(later) for later in range(4)]
Held = list[tuple[date, int]]


def states(*held: tuple[date, int]) -> pa.Table:
    rows: list[dict[str, Any]] = [
        {"instrument_id": 1, "session_date": day, "opening_hash": 0, "closing_hash": closing, "run_id": "test"}
        for day, closing in held
    ]
    return pa.Table.from_pylist(rows, arrow_schema(TABLE.columns))


def replaced(settings: Settings, first: date, last: date, *held: tuple[date, int]) -> Held:
    """Replace days by rows in a file of their own, none for none; give what the table holds."""
    folder = Path(location(TABLE, settings))
    added = [write_file(states(*held), TABLE, folder, {})] if held else []
    replace_rows(ensure(TABLE, settings), TABLE, folder, added, (first, last), "{}")
    return in_table(settings)


def in_table(settings: Settings) -> Held:
    rows = pa.table(ensure(TABLE, settings).to_pyarrow_table(columns=["session_date", "closing_hash"])).to_pylist()
    return sorted((row["session_date"], row["closing_hash"]) for row in rows)


def files(settings: Settings) -> set[str]:
    return set(ensure(TABLE, settings).file_uris())


@pytest.mark.parametrize("is_known", [True, False], ids=["days of files known", "unknown"])
def test_days_are_replaced_and_their_neighbours_stay(
    is_known: bool, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        if not is_known:
            patch.setattr(writing, "_range", lambda *_: {})
        append_arrow(TABLE, states(*((day, 1) for day in DAYS[:3])), settings, {}, "{}")
        append_arrow(TABLE, states((DAYS[3], 1)), settings, {}, "{}")
    found = replaced(settings, DAYS[1], DAYS[2], (DAYS[1], 2))
    assert found == [(DAYS[0], 1), (DAYS[1], 2), (DAYS[3], 1)]


def test_a_file_of_other_days_is_left_and_one_of_these_alone_is_not_read_again(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    for day in DAYS[:2]:
        append_arrow(TABLE, states((day, 1)), settings, {}, "{}")
    before = files(settings)
    monkeypatch.setattr("pyarrow.parquet.read_table", None)  # nothing may be read
    assert replaced(settings, DAYS[1], DAYS[1], (DAYS[1], 2)) == [(DAYS[0], 1), (DAYS[1], 2)]
    assert len(files(settings) & before) == 1


def test_days_without_rows_are_emptied_and_have_a_commit_where_there_was_none(settings: Settings) -> None:
    append_arrow(TABLE, states((DAYS[0], 1), (DAYS[1], 1)), settings, {}, "{}")
    assert replaced(settings, DAYS[1], DAYS[1]) == [(DAYS[0], 1)]
    version = ensure(TABLE, settings).version()
    assert replaced(settings, DAYS[3], DAYS[3]) == [(DAYS[0], 1)]
    assert ensure(TABLE, settings).version() == version + 1
