"""A signal over standings explains itself: over live tables that real folds filled."""

from contextlib import nullcontext
from datetime import datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from spark_apps.errors import BadQuery, EmptyInput
from spark_apps.jobs.approve import decide
from spark_apps.jobs.explain import Asked, explain
from spark_apps.kernels.layouts import ClockFlag
from spark_apps.kernels.outputs import LIVE_TABLES, output_tables
from spark_apps.kernels.records import cut, encode_clock, encode_parameters, encode_trades, join
from spark_apps.kernels.strategies import book_bytes
from spark_apps.lake.live_fold import fold_parameters
from spark_apps.lake.tables import ensure
from spark_apps.rules.calendar import at
from spark_apps.settings import CrossStrategyBook, Settings
from spark_apps.tables.live import CROSS_SIGNALS_1M_LIVE, SIGNALS_1M_LIVE
from spark_apps.tables.model import Table
from spark_apps.tables.sources import FOLD_INPUT
from tests.frames import DAY
from tests.jobs.test_explain import SESSION, cells, put
from tests.kernels.session import SECOND, entry, rows_of

OPENS = at(DAY, "09:15")
MINUTES = 16
# Sixteen minutes after the opening the first moves over fifteen are known: the first company rose, the second fell.
ROSE = Asked("XANB", datetime(2026, 11, 20, 9, 30), "cross_momentum")  # noqa: DTZ001 - wall clock


def book(approval: str) -> CrossStrategyBook:
    given = {"members": {"cross_momentum": {"rank": 0.9, "traded": 0.5}}, "begins": "2020-01-01T00:00:00+07:00"}
    return CrossStrategyBook.model_validate(given | {"approval": approval})


def session_of(settings: Settings, approval: str = "automatic", late: int = 0) -> Settings:
    """Fold a session of two instruments to standings, and keep it as the live application does."""
    records = [
        encode_clock(OPENS, SESSION, ClockFlag.OPENS),
        encode_parameters(SESSION, book_bytes(book(approval).book)),
    ]
    for minute in range(MINUTES):
        second = OPENS / SECOND + 60 * minute + 5
        for one, price, quantity in ((1, 100 + minute, 300), (2, 100 - minute, 100)):
            traded = entry(minute, second, price * 10_000, quantity, session_date=SESSION, instrument_id=one)
            records.append(encode_trades(rows_of((traded,))))
        records.append(encode_clock(OPENS + (minute + 1) * 60 * SECOND, SESSION))
    second = OPENS / SECOND + 60 * MINUTES
    for number in range(late):
        tardy = rows_of((entry(90 + number, second - 1, 10_000, 300, session_date=SESSION),))
        records += [encode_trades(tardy), encode_clock(OPENS + (60 * MINUTES + 30) * SECOND, SESSION)]
    parameters = fold_parameters(settings)
    given = cut(*parameters.fold(0).apply(np.arange(len(records)), *join(records)))
    given += cut(*parameters.cross_fold().apply(*join(given))[:2])
    made = output_tables(*join(given))
    ours = {"caused_at": 1, "folded_at": 2, "emitted_at": 3, "written_at": 4, "run_id": "a run"}
    for kind, table in LIVE_TABLES.items():
        put(settings, table, made[kind], **ours)
    log = pa.table({"record": pa.array(records), "topic_offset": pa.array(range(len(records)))})
    place: dict[str, Any] = {"topic": "fold_input", "topic_partition": 0, "broker_time": 1, "ingest_date": DAY}
    put(settings, FOLD_INPUT, log, **place, run_id="a run")
    return settings


def test_what_it_read_of_all_others_its_book_and_versions_are_shown(settings: Settings) -> None:
    shown = cells(explain(ROSE, session_of(settings)))
    assert shown["XANB at 2026-11-20 09:30:00.000: cross_momentum"] == [
        (0, 1, "decisive", 1, "0 -> 1", "2026-11-20 09:31:00.000")
    ]
    assert shown["Comparisons"] == [
        ("enter", "move_rank_15 >= 0.9", "1", "0.9", "yes"),
        ("leave", "move_rank_15 < 0.5", "1", "0.5", "no"),
        ("filter", "value_rank >= 0.5", "1", "0.5", "yes"),
    ]
    assert dict(shown["Book of strategies"])["weight and side"] == "1 x 1"
    origins = dict(shown["Where it comes from"])
    assert origins["revision of how the bar stands"] == 0
    assert {"version of gold.cross_signals_1m_live", "version of gold.cross_section_1m_live"} <= origins.keys()
    assert "state before and after" not in origins


def test_a_person_lets_it_out(settings: Settings) -> None:
    session_of(settings, "human")
    assert decide(ROSE, settings, is_approved=True, by="an") == (
        "cross_momentum of XANB at 2026-11-20 09:30:00.000: approved by an"
    )


def test_a_signal_over_standings_that_is_taken_back_shows_both_words_and_the_numbers_of_the_last(
    settings: Settings,
) -> None:
    """A late trade takes the price of the first company down before its last minute settles."""
    shown = cells(explain(ROSE, session_of(settings, late=1)))
    assert [row[:3] for row in shown["XANB at 2026-11-20 09:30:00.000: cross_momentum"]] == [
        (0, 1, "decisive"), (1, 0, "withdrawn"),
    ]  # fmt: skip
    assert shown["Comparisons"][0] == ("enter", "move_rank_15 >= 0.9", "0", "0.9", "no")
    assert dict(shown["Where it comes from"])["revision of how the bar stands"] == 1


@pytest.mark.parametrize(
    ("table", "results", "is_let_out"),
    [
        (CROSS_SIGNALS_1M_LIVE, ["decisive"], False),
        (CROSS_SIGNALS_1M_LIVE, ["decisive", "withdrawn"], True),
        (SIGNALS_1M_LIVE, ["decisive"], True),
    ],
    ids=["one that followed", "one that was taken back", "one of the other kind of book"],
)
def test_one_of_the_same_kind_that_followed_and_stands_is_in_the_way(
    settings: Settings, table: Table, results: list[str], is_let_out: bool
) -> None:
    session_of(settings, "human")
    (held,) = ensure(CROSS_SIGNALS_1M_LIVE, settings).to_pyarrow_table().to_pylist()
    later = held | {"bar_start": held["bar_start"] + 60 * SECOND}
    for revision, result in enumerate(results):
        row = later | {"revision": revision, "result": result, "ordinal": 90 + revision}
        put(settings, table, pa.Table.from_pylist([row]))
    with nullcontext() if is_let_out else pytest.raises(BadQuery, match="another decisive signal of XANB has followed"):
        decide(ROSE, settings, is_approved=True, by="an")


def test_a_lake_without_signals_over_standings_says_so(settings: Settings) -> None:
    with pytest.raises(EmptyInput, match="gold.cross_signals_1m_live: empty"):
        explain(ROSE, settings)
