"""A signal over standings explains itself: over live tables that real folds filled."""

from datetime import datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from spark_apps.errors import EmptyInput
from spark_apps.jobs.approve import decide
from spark_apps.jobs.explain import Asked, explain
from spark_apps.kernels.layouts import ClockFlag
from spark_apps.kernels.outputs import LIVE_TABLES, output_tables
from spark_apps.kernels.records import cut, encode_clock, encode_parameters, encode_trades, join
from spark_apps.kernels.strategies import book_bytes
from spark_apps.lake.live_fold import fold_parameters
from spark_apps.rules.calendar import at
from spark_apps.settings import CrossStrategyBook, Settings
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


def session_of(settings: Settings, approval: str = "automatic") -> Settings:
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


def test_a_lake_without_signals_over_standings_says_so(settings: Settings) -> None:
    with pytest.raises(EmptyInput, match="gold.cross_signals_1m_live: empty"):
        explain(ROSE, settings)
