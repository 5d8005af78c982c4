"""What the views say of signals: the last word of each, where the batch differs, and the path that each has taken."""

from datetime import timedelta
from typing import Any

import pytest
from pyspark.sql import Row, SparkSession

from spark_apps.lake.catalogue import run_sql, texts
from spark_apps.settings import Settings
from spark_apps.tables.features import CROSS_SECTION_1M
from spark_apps.tables.indicators import INDICATORS_1M
from spark_apps.tables.live import (
    BARS_1M_LIVE,
    CROSS_SECTION_1M_LIVE,
    CROSS_SIGNALS_1M_LIVE,
    INDICATORS_1M_LIVE,
    QUOTES_1M_LIVE,
    SIGNALS_1M_LIVE,
)
from spark_apps.tables.signals import CROSS_SIGNALS_1M, SIGNAL_APPROVALS, SIGNALS_1M
from tests.frames import DAY
from tests.sql.test_catalogue import put

MINUTE = 60_000_000_000
SIGNAL = {
    "bar_start": MINUTE, "strategy": "breakout", "result": "decisive", "needs_approval": False, "revision": 0,
    "target_before": 0, "expires_at": 5 * MINUTE, "emitted_at": 100, "available_at": 2 * MINUTE, "input_offset": 7,
}  # fmt: skip
HUMAN = {"needs_approval": True}
DECIDED = {"bar_start": MINUTE, "strategy": "breakout", "decided_at": 200}


def paths(spark: SparkSession, settings: Settings, market_time: int, *signals: dict[str, Any]) -> list[Row]:
    """Write signals on top of one another, and a bar by which the market clock is known; give the paths."""
    put(spark, settings, SIGNALS_1M_LIVE, *(SIGNAL | signal for signal in signals))
    put(spark, settings, BARS_1M_LIVE, {"available_at": market_time})
    assert run_sql(spark, settings, texts("checks")["signal_paths_skip_no_state"]).collect() == []
    return run_sql(spark, settings, "SELECT * FROM signal_paths ORDER BY instrument_id, bar_start, strategy").collect()


@pytest.mark.parametrize(
    ("signals", "market_time", "state", "ended_by"),
    [
        ([{}], 4 * MINUTE, "emitted", None),
        ([{}], 5 * MINUTE, "expired", "horizon"),
        ([{"result": "filtered"}], 0, "expired", "filter"),
        ([{"result": "outvoted"}], 0, "expired", "votes"),
        ([{}, {"revision": 1, "result": "withdrawn", "input_offset": 9}], 0, "expired", "withdrawn"),
        ([{}, {"revision": 1, "result": "outvoted", "input_offset": 9}], 0, "expired", "votes"),
        ([HUMAN], 4 * MINUTE, "aggregated", None),
        ([HUMAN], 5 * MINUTE, "expired", "horizon"),
    ],
)
def test_a_signal_stands_where_its_path_has_come_to(
    spark: SparkSession,
    settings: Settings,
    signals: list[dict[str, Any]],
    market_time: int,
    state: str,
    ended_by: str | None,
) -> None:
    (path,) = paths(spark, settings, market_time, *signals)
    assert (path.state, path.ended_by) == (state, ended_by)
    is_let_out = signals[0].get("result") is None and signals != [HUMAN]
    assert (path.emitted_at, path.approved_at) == ((100, 100) if is_let_out else (None, None))
    assert path.is_revised == (len(signals) > 1)


@pytest.mark.parametrize(("is_approved", "state", "ended_by"), [(True, "emitted", None), (False, "expired", "refusal")])
def test_a_person_decides(
    spark: SparkSession, settings: Settings, is_approved: bool, state: str, ended_by: str | None
) -> None:
    put(spark, settings, SIGNAL_APPROVALS, DECIDED | {"is_approved": is_approved})
    (path,) = paths(spark, settings, 2 * MINUTE, HUMAN)
    assert (path.state, path.ended_by, path.emitted_at) == (state, ended_by, 200 if is_approved else None)
    assert (path.proposed_at, path.filtered_at, path.aggregated_at) == (100, 100, 100)


def test_a_later_session_ends_what_was_left(spark: SparkSession, settings: Settings) -> None:
    put(spark, settings, BARS_1M_LIVE, {"session_date": DAY + timedelta(days=3), "input_offset": 99})
    (path,) = paths(spark, settings, 2 * MINUTE, {})
    assert (path.state, path.ended_by) == ("expired", "session")


def test_another_signal_of_the_instrument_ends_one(spark: SparkSession, settings: Settings) -> None:
    later = {"bar_start": 2 * MINUTE, "strategy": "momentum", "input_offset": 9}
    outvoted = {"bar_start": 3 * MINUTE, "result": "outvoted", "input_offset": 11}
    elsewhere = {"bar_start": 3 * MINUTE, "instrument_id": 2, "input_offset": 12}
    taken_back = {"bar_start": 3 * MINUTE, "strategy": "momentum", "result": "withdrawn", "input_offset": 13}
    found = paths(spark, settings, 4 * MINUTE, {}, later, outvoted, taken_back, elsewhere)
    assert [(path.instrument_id, path.bar_start // MINUTE, path.ended_by) for path in found] == [
        (1, 1, "another"), (1, 2, None), (1, 3, "votes"), (1, 3, "withdrawn"), (2, 3, None),
    ]  # fmt: skip


def test_one_that_comes_once_another_is_good_no_longer_does_not_end_it(spark: SparkSession, settings: Settings) -> None:
    later = {"bar_start": 6 * MINUTE, "expires_at": 9 * MINUTE, "input_offset": 9}
    found = paths(spark, settings, 7 * MINUTE, {}, later)
    assert [path.ended_by for path in found] == ["horizon", None]


def test_a_correction_flags_the_signals_that_used_what_it_changed(spark: SparkSession, settings: Settings) -> None:
    used, later = ({"bar_start": MINUTE, "input_offset": offset} for offset in (7, 8))
    put(spark, settings, INDICATORS_1M_LIVE, used)
    put(spark, settings, INDICATORS_1M_LIVE, later | {"instrument_id": 2}, {"bar_start": 0, "input_offset": 9})
    assert [path.is_revised for path in paths(spark, settings, 0, {})] == [False]
    put(spark, settings, INDICATORS_1M_LIVE, later)
    (path,) = run_sql(spark, settings, "SELECT * FROM signal_paths").collect()
    assert (path.is_revised, path.state) == (True, "emitted")


def test_a_late_quote_flags_the_signals_that_used_what_it_changed(spark: SparkSession, settings: Settings) -> None:
    put(spark, settings, QUOTES_1M_LIVE, {"bar_start": MINUTE, "input_offset": 7})
    assert [path.is_revised for path in paths(spark, settings, 0, {})] == [False]
    put(spark, settings, QUOTES_1M_LIVE, {"bar_start": MINUTE, "input_offset": 8, "revision": 1})
    (path,) = run_sql(spark, settings, "SELECT * FROM signal_paths").collect()
    assert path.is_revised


def test_signals_over_standings_have_paths_of_their_own(spark: SparkSession, settings: Settings) -> None:
    over = SIGNAL | {"bar_start": 2 * MINUTE, "strategy": "market_pair", "input_offset": 8}
    put(spark, settings, CROSS_SIGNALS_1M_LIVE, over)
    put(spark, settings, INDICATORS_1M_LIVE, {"bar_start": 2 * MINUTE, "input_offset": 9})  # of which it read nothing
    found = paths(spark, settings, 4 * MINUTE, {})
    assert [(path.strategy, path.state, path.is_revised) for path in found] == [
        ("breakout", "emitted", False), ("market_pair", "emitted", False),
    ]  # fmt: skip
    later = {"bar_start": 2 * MINUTE, "input_offset": 2, "revision": 1, "available_at": 3 * MINUTE}
    put(spark, settings, CROSS_SECTION_1M_LIVE, later)
    put(spark, settings, CROSS_SIGNALS_1M_LIVE, over | {"bar_start": 3 * MINUTE, "input_offset": 10})
    found = run_sql(spark, settings, "SELECT * FROM signal_paths ORDER BY bar_start").collect()
    assert [(path.ended_by, path.is_revised) for path in found] == [(None, False), ("another", True), (None, False)]


def test_the_last_word_counts_and_what_was_taken_back_is_left_out(spark: SparkSession, settings: Settings) -> None:
    taken_back = [
        SIGNAL | {"strategy": "momentum"},
        SIGNAL | {"strategy": "momentum", "result": "withdrawn", "revision": 1},
    ]
    put(spark, settings, SIGNALS_1M_LIVE, SIGNAL, SIGNAL | {"revision": 1, "score": 7}, *taken_back)
    (row,) = run_sql(spark, settings, "SELECT * FROM live_signals").collect()
    assert (row.symbol, row.strategy, row.score) == ("XANB", "breakout", 7)


@pytest.mark.parametrize(
    ("live", "batch", "seen"),
    [
        ([{}], [{}], []),
        ([{}], [], ["only live"]),
        ([], [{}], ["only batch"]),
        ([{}], [{"book_hash": 9}], ["book differs"]),
        ([{}], [{"score": 9}], ["values differ"]),
    ],
)
def test_live_and_batch_signals_are_compared(
    spark: SparkSession,
    settings: Settings,
    live: list[dict[str, Any]],
    batch: list[dict[str, Any]],
    seen: list[str],
) -> None:
    shared = {name: SIGNAL[name] for name in ("strategy", "result", "needs_approval", "target_before", "expires_at")}
    elsewhere = {"instrument_id": 2, "bar_start": MINUTE, **shared}
    put(spark, settings, BARS_1M_LIVE, {})
    put(spark, settings, SIGNALS_1M_LIVE, *(SIGNAL | one for one in live), SIGNAL | elsewhere)
    put(spark, settings, INDICATORS_1M, {})
    put(spark, settings, SIGNALS_1M, *({"bar_start": MINUTE, **shared} | one for one in batch), elsewhere)
    found = run_sql(spark, settings, "SELECT * FROM live_signals_against_batch").collect()
    assert [row.difference for row in found] == seen


@pytest.mark.parametrize(("score", "seen"), [(None, []), (9, ["values differ"])])
def test_live_and_batch_signals_over_standings_are_compared_in_sessions_that_were_ranked(
    spark: SparkSession, settings: Settings, score: int | None, seen: list[str]
) -> None:
    shared = {name: SIGNAL[name] for name in ("bar_start", "strategy", "result", "needs_approval", "target_before")}
    shared |= {"expires_at": SIGNAL["expires_at"]}
    put(spark, settings, CROSS_SIGNALS_1M_LIVE, SIGNAL)
    put(spark, settings, CROSS_SIGNALS_1M, shared | ({} if score is None else {"score": score}))
    compared = "SELECT * FROM live_signals_against_batch"
    assert run_sql(spark, settings, compared).collect() == []
    put(spark, settings, CROSS_SECTION_1M_LIVE, {})
    put(spark, settings, CROSS_SECTION_1M, {})
    found = run_sql(spark, settings, compared).collect()
    assert [(row.difference, row.is_over_standings) for row in found] == [(one, True) for one in seen]


@pytest.mark.parametrize(
    ("signals", "closed_at", "gain_bps"),
    [
        ([{}], 12, 2000),
        ([{"expires_at": 3 * MINUTE}], 12, 1000),
        ([{}, {"bar_start": 2 * MINUTE, "strategy": "momentum", "target": 0}], 12, 1000),
        ([{"target": -1}], 12, -2000),
        ([{}, {"strategy": "momentum"}], 12, 2000),
        ([{"target": 0}], 12, None),
        ([{"result": "outvoted"}], 12, None),
    ],
    ids=["to the session's end", "to its horizon", "to the next", "short", "two that agree", "out", "outvoted"],
)
def test_what_the_price_did_after_a_signal_is_told(
    spark: SparkSession, settings: Settings, signals: list[dict[str, Any]], closed_at: int, gain_bps: int | None
) -> None:
    """In at 10, the open of minute 2; then 11 and 12."""
    told = {"target": 1, "expires_at": 9 * MINUTE}
    put(spark, settings, SIGNALS_1M_LIVE, *(SIGNAL | told | one for one in signals))
    opens = {1: 9, 2: 10, 3: 11}
    bars = ({"bar_start": minute * MINUTE, "open": price, "trade_count": 1} for minute, price in opens.items())
    put(spark, settings, BARS_1M_LIVE, *(bar | {"close": closed_at, "input_offset": 9} for bar in bars))
    # A book of the other kind ends none of these.
    put(spark, settings, CROSS_SIGNALS_1M_LIVE, SIGNAL | {"bar_start": 2 * MINUTE, "target": 0})
    found = run_sql(spark, settings, "SELECT strategy, gain_bps FROM signal_performance").collect()
    assert [(row.strategy, row.gain_bps) for row in found] == ([] if gain_bps is None else [("breakout", gain_bps)])
