"""Folds that are cut short, and days that must follow: states last, every run in the books."""

import json
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from pyspark.sql import SparkSession

from spark_apps.jobs.indicators_1d import job as indicators_1d
from spark_apps.lake import folds
from spark_apps.lake.job import batch
from spark_apps.lake.reading import latest, row_count
from spark_apps.lake.run import run
from spark_apps.lake.tables import ensure
from spark_apps.settings import Settings
from spark_apps.tables.daily import DAILY_PRICES
from spark_apps.tables.indicators import INDICATOR_STATES_1D, INDICATORS_1D
from spark_apps.tables.model import Table
from spark_apps.tables.operations import RUNS
from tests.frames import DAY
from tests.lake.test_run import put

BEFORE = DAY - timedelta(1)


def price(day: Any, close: int) -> dict[str, Any]:
    return {
        "instrument_id": 1, "session_date": day, "open": Decimal(close), "high": Decimal(close), "low": Decimal(close),
        "close": Decimal(close), "adjusted_close": Decimal(close), "volume": 1, "available_at": 1, "warnings": [],
        "run_id": "test",
    }  # fmt: skip


def test_a_run_that_died_before_its_states_is_made_again(
    spark: SparkSession, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(DAILY_PRICES, settings, price(DAY, 10))

    commits = folds._commit

    def dies_at_states(written: list[dict[str, Any]], table: Table, *given: Any) -> None:
        if table == INDICATOR_STATES_1D:
            raise KeyboardInterrupt
        commits(written, table, *given)

    with monkeypatch.context() as patch:
        patch.setattr(folds, "_commit", dies_at_states)
        with pytest.raises(KeyboardInterrupt):
            run(indicators_1d, batch(DAY, DAY), spark, settings)
    assert (row_count(INDICATORS_1D, settings), row_count(INDICATOR_STATES_1D, settings)) == (1, 0)
    assert run(indicators_1d, batch(DAY, DAY), spark, settings).status == "done"
    assert row_count(INDICATOR_STATES_1D, settings) == 1
    assert run(indicators_1d, batch(DAY, DAY), spark, settings).status == "unchanged"


def test_a_day_whose_opening_states_are_no_more_is_made_again(
    spark: SparkSession, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(DAILY_PRICES, settings, price(BEFORE, 10), price(DAY, 12))
    run(indicators_1d, batch(BEFORE, BEFORE), spark, settings)
    ensure(DAILY_PRICES, settings).update(updates={"close": "11"}, predicate=f"session_date = '{BEFORE}'")
    run(indicators_1d, batch(DAY, DAY), spark, settings)  # it opens from the state of the price that was
    with monkeypatch.context() as patch:
        patch.setattr(folds, "last_broken_day", lambda *_: None)  # the process dies before the later day is made
        run(indicators_1d, batch(BEFORE, BEFORE), spark, settings)
    assert run(indicators_1d, batch(DAY, DAY), spark, settings).status == "done"
    states = latest(spark, INDICATOR_STATES_1D, settings).orderBy("session_date").collect()
    assert states[1].opening_hash == states[0].closing_hash
    assert run(indicators_1d, batch(DAY, DAY), spark, settings).status == "unchanged"


def test_a_fold_opens_from_the_versions_that_its_commits_name(spark: SparkSession, settings: Settings) -> None:
    put(DAILY_PRICES, settings, price(BEFORE, 10), price(DAY, 12))
    run(indicators_1d, batch(BEFORE, BEFORE), spark, settings)
    run(indicators_1d, batch(DAY, DAY), spark, settings)
    for table in (INDICATORS_1D, INDICATOR_STATES_1D):
        said = json.loads(ensure(table, settings).history(1)[0]["userMetadata"])
        assert said["inputs"] == {
            "silver.daily_prices": 1, "gold.indicators_1d": 1, "gold.indicator_states_1d": 1
        }  # fmt: skip
    (run_row,) = latest(spark, RUNS, settings).where(f"run_id = '{said['run_id']}'").collect()
    assert json.loads(run_row.inputs) == said["inputs"]
    ensure(INDICATORS_1D, settings).update(updates={"run_id": "'torn since'"})
    opening = folds.opening_states(spark, INDICATORS_1D, INDICATOR_STATES_1D, DAY, said["inputs"], settings)
    assert opening["session_date"].to_pylist() == [BEFORE]


def test_a_later_day_follows_and_has_its_own_receipt(spark: SparkSession, settings: Settings) -> None:
    put(DAILY_PRICES, settings, price(DAY, 12))
    run(indicators_1d, batch(DAY, DAY), spark, settings)
    put(DAILY_PRICES, settings, price(BEFORE, 10))  # it arrives only now: the later day knew nothing of it
    run(indicators_1d, batch(BEFORE, BEFORE), spark, settings)
    rows = latest(spark, INDICATORS_1D, settings).select("run_id").collect()
    known = {row.run_id for row in latest(spark, RUNS, settings).collect()}
    assert len(rows) == 2
    assert {row.run_id for row in rows} <= known


def test_a_day_that_was_left_stale_follows_even_when_the_earlier_day_is_done(
    spark: SparkSession, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(DAILY_PRICES, settings, price(DAY, 12))
    run(indicators_1d, batch(DAY, DAY), spark, settings)
    put(DAILY_PRICES, settings, price(BEFORE, 10))  # it arrives only now: the later day knew nothing of it
    with monkeypatch.context() as patch:
        patch.setattr(folds, "last_broken_day", lambda *_: None)  # the process dies before the later day is made
        run(indicators_1d, batch(BEFORE, BEFORE), spark, settings)
    assert run(indicators_1d, batch(BEFORE, BEFORE), spark, settings).status == "unchanged"
    states = latest(spark, INDICATOR_STATES_1D, settings).orderBy("session_date").collect()
    assert states[1].opening_hash == states[0].closing_hash
