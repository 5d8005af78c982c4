"""A signal explains itself, and a person lets it out: over live tables that a real fold filled."""

from dataclasses import replace
from datetime import datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from typer.testing import CliRunner

from spark_apps.cli import app
from spark_apps.errors import BadQuery, EmptyInput
from spark_apps.jobs.approve import decide
from spark_apps.jobs.explain import Asked, explain
from spark_apps.jobs.state import Shown
from spark_apps.kernels.layouts import ClockFlag, Rows
from spark_apps.kernels.outputs import LIVE_TABLES, output_tables
from spark_apps.kernels.records import encode_clock, encode_parameters, encode_trades, join
from spark_apps.kernels.strategies import book_bytes
from spark_apps.lake.live_fold import fold_parameters
from spark_apps.lake.tables import arrow_schema, ensure
from spark_apps.lake.writing import append_arrow
from spark_apps.rules.calendar import at
from spark_apps.settings import Settings, StrategyBook
from spark_apps.tables.model import Table
from spark_apps.tables.signals import SIGNAL_APPROVALS
from spark_apps.tables.sources import FOLD_INPUT
from tests.frames import DAY
from tests.kernels.session import SECOND, entry, quote, quotes, rows_of
from tests.kernels.wire import encode_corrections

SESSION = (DAY - datetime(1970, 1, 1).date()).days  # noqa: DTZ001 - a date
OPENS = at(DAY, "09:15")
# Twenty closes that fall, then one at the top of their channel.
CLOSES = [*range(40, 20, -1), 60]
BROKE_OUT = Asked("XANB", datetime(2026, 11, 20, 9, 35), "breakout")  # noqa: DTZ001 - wall clock


MEMBERS = {"breakout": {"weight": 2, "volume_ratio": 1.0}, "book_pressure": {"weight": 1, "imbalance": 0.4}}


def book(approval: str = "automatic") -> StrategyBook:
    given = {"members": MEMBERS, "threshold": 2, "begins": "2020-01-01T00:00:00+07:00", "approval": approval}
    return StrategyBook.model_validate(given)


def trade(minute: int, price: int, seq: int, quantity: int = 100, corrects: int = -1) -> Rows:
    second = OPENS / SECOND + 60 * minute + 55
    return rows_of((entry(seq, second, price * 10_000, quantity, session_date=SESSION, corrects_seq=corrects),))


# The last close was not 60 but 21.
BETTER = encode_corrections(trade(20, 21, 99, 300, corrects=20))


def put(settings: Settings, table: Table, rows: pa.Table, **more: Any) -> None:
    for name, value in more.items():
        rows = rows.append_column(name, pa.array([value] * len(rows)))
    schema = arrow_schema(table.columns)
    append_arrow(table, rows.select(schema.names).cast(schema), settings, {}, "{}")


def session_of(settings: Settings, approval: str = "automatic", *after: bytes) -> Settings:
    """Fold a session of one instrument, and keep what went in and what came out as the live application does."""
    records = [
        encode_clock(OPENS, SESSION, ClockFlag.OPENS),
        encode_parameters(SESSION, book_bytes(book(approval).book)),
    ]
    for minute, close in enumerate(CLOSES):
        quantity = 100 if minute < 20 else 300
        records.append(encode_trades(trade(minute, close, minute, quantity)))
        records.append(encode_clock(OPENS + (minute + 1) * 60 * SECOND, SESSION))
    records += after
    made = output_tables(*fold_parameters(settings).fold(0).apply(np.arange(len(records)), *join(records)))
    ours = {"caused_at": 1, "folded_at": 2, "emitted_at": 3, "written_at": 4, "run_id": "a run"}
    for kind, table in LIVE_TABLES.items():
        put(settings, table, made[kind], **ours)
    log = pa.table({"record": pa.array(records), "topic_offset": pa.array(range(len(records)))})
    place = {"topic": "fold_input", "topic_partition": 0, "broker_time": 1, "ingest_date": DAY, "run_id": "a run"}
    put(settings, FOLD_INPUT, log, **place)
    return settings


def cells(shown: list[Shown]) -> dict[str, list[tuple[Any, ...]]]:
    return {table.title: table.rows for table in shown}


def test_every_input_threshold_parameter_and_version_is_shown(settings: Settings) -> None:
    shown = cells(explain(BROKE_OUT, session_of(settings)))
    assert shown["XANB at 2026-11-20 09:35:00.000: breakout"] == [
        (0, 1, "decisive", 2, "0 -> 1", "2026-11-20 09:36:00.000")
    ]
    assert shown["Comparisons"] == [
        ("enter", "close >= donchian_upper_20", "60", "60", "yes"),
        ("leave", "close < donchian_middle_20", "60", "40.5", "no"),
        ("filter", "volume_ratio_20 >= 1", "2.727272727", "1", "yes"),
    ]
    parameters = dict(shown["Book of strategies"])
    assert (parameters["weight and side"], parameters["approval"]) == ("2 x 1", "automatic")
    assert parameters["good until"] == "2026-11-20 10:06:00.000"
    origins = dict(shown["Where it comes from"])
    assert (origins["run"], origins["revision of the bar"]) == ("a run", 0)
    assert origins["version of bronze.fold_input"] == ensure(FOLD_INPUT, settings).version()


def test_a_signal_that_was_taken_back_shows_both_words_and_the_numbers_of_the_last(settings: Settings) -> None:
    shown = cells(explain(BROKE_OUT, session_of(settings, "automatic", BETTER)))
    assert [row[:3] for row in shown["XANB at 2026-11-20 09:35:00.000: breakout"]] == [
        (0, 1, "decisive"), (1, 0, "withdrawn"),
    ]  # fmt: skip
    assert shown["Comparisons"][0] == ("enter", "close >= donchian_upper_20", "21", "39", "no")
    assert dict(shown["Where it comes from"])["revision of the bar"] == 1


def test_a_strategy_over_quotes_shows_what_they_said_of_its_bar(settings: Settings) -> None:
    late = quotes(quote(1, OPENS / SECOND + 60 * 20 + 55, 590_000, 610_000, (7, 3), session_date=SESSION))
    made = session_of(settings, "automatic", late)
    shown = cells(explain(BROKE_OUT._replace(strategy="book_pressure"), made))
    assert shown["Comparisons"] == [
        ("enter", "depth_imbalance >= 0.4", "0.4", "0.4", "yes"),
        ("enter", "bought_volume >= 1.5 * sold_volume", "0", "0", "yes"),
        ("leave", "depth_imbalance < 0", "0.4", "0", "no"),
        ("filter", "spread_bps < 50", "333.3333333", "50", "no"),
    ]
    assert dict(shown["Where it comes from"])["revision of its quotes"] == 0
    without = dict(cells(explain(BROKE_OUT, made))["Where it comes from"])
    assert without["revision of its quotes"] == "none known"


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        (BROKE_OUT._replace(strategy="luck"), "no strategy 'luck'; take one of: momentum, mean_reversion, breakout"),
        (BROKE_OUT._replace(bar=datetime(2300, 1, 1)), "no bar starts at 2300-01-01 00:00: market time ends in 2116"),  # noqa: DTZ001 - wall clock
        (BROKE_OUT._replace(symbol="XNOT"), "no instrument bears the symbol 'XNOT'"),
        (BROKE_OUT._replace(strategy="momentum"), "momentum said nothing of XANB .*; its last signals: none"),
        (BROKE_OUT._replace(bar=datetime(2026, 11, 20, 9, 30)), "its last signals: 2026-11-20 09:35"),  # noqa: DTZ001 - wall clock
    ],
)
def test_what_cannot_be_explained_is_said_with_what_can(settings: Settings, asked: Asked, words: str) -> None:
    with pytest.raises(BadQuery, match=words):
        explain(asked, session_of(settings))


def test_a_lake_without_signals_says_how_to_get_some(settings: Settings) -> None:
    with pytest.raises(EmptyInput, match="gold.signals_1m_live: empty. `make run` fills it"):
        explain(BROKE_OUT, settings)


def test_the_command_prints_it(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TAYHO_LAKE_ROOT", str(session_of(settings).lake_root))
    shown = CliRunner().invoke(app, ["explain", "XANB", "2026-11-20T09:35", "breakout"])
    assert (shown.exit_code, "close >= donchian_upper_20" in shown.output) == (0, True)


def test_a_person_lets_a_signal_out_once(settings: Settings) -> None:
    made = session_of(settings, "human")
    said = decide(BROKE_OUT, made, is_approved=True, by="Lan")
    assert said == "breakout of XANB at 2026-11-20 09:35:00.000: approved by Lan"
    (row,) = ensure(SIGNAL_APPROVALS, made).to_pyarrow_table().to_pylist()
    assert (row["is_approved"], row["decided_by"], row["strategy"]) == (True, "Lan", "breakout")
    with pytest.raises(BadQuery, match="is decided already"):
        decide(BROKE_OUT, made, is_approved=False, by="Minh")


def test_a_signal_that_needs_nobody_is_not_approved(settings: Settings) -> None:
    with pytest.raises(BadQuery, match="needs no approval"):
        decide(BROKE_OUT, session_of(settings), is_approved=True, by="Lan")


def test_a_signal_that_is_good_no_longer_is_not_approved(settings: Settings) -> None:
    before, after = (encode_clock(OPENS + minute * 60 * SECOND, SESSION) for minute in (58, 61))
    made = session_of(settings, "human", before, encode_trades(trade(58, 30, 70)), after)
    with pytest.raises(BadQuery, match="was good until 2026-11-20 10:06"):
        decide(BROKE_OUT, made, is_approved=True, by="Lan")


def test_a_signal_of_a_session_that_is_over_is_not_approved(settings: Settings) -> None:
    opens = encode_clock(OPENS + 86_400 * SECOND, SESSION + 1, ClockFlag.OPENS)
    second = OPENS / SECOND + 86_400 + 5
    after = rows_of((entry(1, second, 300_000, session_date=SESSION + 1),))
    closes = encode_clock(OPENS + (86_400 + 60) * SECOND, SESSION + 1)
    made = session_of(settings, "human", opens, encode_trades(after), closes)
    with pytest.raises(BadQuery, match="its session is over, 2026-11-21 has begun"):
        decide(BROKE_OUT, made, is_approved=True, by="Lan")


def test_a_signal_that_another_has_followed_is_not_approved(settings: Settings) -> None:
    clock = encode_clock(OPENS + 22 * 60 * SECOND, SESSION)
    made = session_of(settings, "human", encode_trades(trade(21, 10, 71)), clock)
    with pytest.raises(BadQuery, match="another decisive signal of XANB has followed it"):
        decide(BROKE_OUT, made, is_approved=True, by="Lan")


def test_a_target_that_a_book_moved_is_explained_and_approved_too(settings: Settings) -> None:
    stricter = replace(book("human").book, begins=OPENS + 21 * 60 * SECOND, threshold=3)
    change = encode_parameters(SESSION, book_bytes(stricter))
    clock = encode_clock(OPENS + 22 * 60 * SECOND, SESSION)
    made = session_of(settings, "human", change, encode_trades(trade(21, 60, 71)), clock)
    moved = Asked("XANB", datetime(2026, 11, 20, 9, 36), "book")  # noqa: DTZ001 - wall clock
    shown = cells(explain(moved, made))
    assert shown["Comparisons"] == []
    assert dict(shown["Book of strategies"])["threshold of the score"] == 3
    assert decide(moved, made, is_approved=True, by="Lan").endswith("approved by Lan")


def test_a_signal_that_was_taken_back_is_not_approved(settings: Settings) -> None:
    made = session_of(settings, "human", BETTER)
    with pytest.raises(BadQuery, match="is withdrawn; only a decisive one"):
        decide(BROKE_OUT, made, is_approved=True, by="Lan")
