"""What seldom happens: rules broken inside a worker, a fold's rows that are not its states', a build without git."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from pyspark.sql import DataFrame, SparkSession

from spark_apps.errors import EmptyInput, RowsDoNotAddUp, RuleViolated, StateMismatch
from spark_apps.jobs.bars_1m import job as bars_1m
from spark_apps.jobs.daily_price_lines import job as daily_price_lines
from spark_apps.jobs.indicators_1d import job as indicators_1d
from spark_apps.jobs.trades import job as trades
from spark_apps.kernels.layouts import ClockFlag, Kind, Rows
from spark_apps.kernels.output_records import split_outputs
from spark_apps.kernels.parameters import FoldParameters
from spark_apps.kernels.records import encode_clock, encode_trades
from spark_apps.kernels.records import join as laid_out
from spark_apps.lake.feed import publish_session
from spark_apps.lake.files import check
from spark_apps.lake.job import batch
from spark_apps.lake.live_fold import FoldProcessor
from spark_apps.lake.provenance import code_commit
from spark_apps.lake.reading import landing_files, row_count
from spark_apps.lake.run import run
from spark_apps.lake.tables import ensure
from spark_apps.lake.writing import replace as write
from spark_apps.settings import Settings
from spark_apps.tables.daily import DAILY_PRICES
from spark_apps.tables.indicators import INDICATORS_1D
from spark_apps.tables.market import BARS_1M, TICKS
from spark_apps.tables.sources import ALL_DAYS, CAFEF_PRICES
from tests.drills.application import Application
from tests.drills.market import DrillMarket, entries_of
from tests.frames import DAY
from tests.kernels.session import PARAMETERS, SECOND, SESSION, entry, rows_of
from tests.lake.test_folds import BEFORE, price
from tests.lake.test_run import TICK, put
from tests.sources.test_landing import put as put_prices

BAR = {"open": 10, "high": 12, "low": 10, "close": 11, "volume": 5, "trade_count": 1}


def test_a_file_job_names_the_rule_that_its_rows_break() -> None:
    made = pa.Table.from_pylist([BAR | {"high": 9}])
    with (
        duckdb.connect() as engine,
        pytest.raises(
            RuleViolated, match=r"gold.bars_1m, 2026-11-20: {'high_is_not_below_low': 1, .*then mend the transform"
        ),
    ):
        check(engine, made, made, BARS_1M, DAY)


def test_a_file_job_without_sums_counts_its_warnings_all_the_same() -> None:
    made = pa.Table.from_pylist([BAR, BAR | {"high": 10, "close": 10}])
    with duckdb.connect() as engine:
        found, _ = check(engine, made, made, replace(BARS_1M, conserves=()), DAY)
    assert found == {"range_is_under_ten_percent": 1}


def test_the_warnings_of_all_sessions_are_added_up(spark: SparkSession, settings: Settings) -> None:
    days = (DAY - timedelta(1), DAY)
    for day in days:
        tick = TICK | {"session_date": day}
        put(TICKS, settings, tick, tick | {"source_seq": 2, "price": Decimal(20)})
    for job in (trades, bars_1m):
        report = run(job, batch(*days), spark, settings)
    assert report.warnings == {"range_is_under_ten_percent": 2}


def test_rows_of_another_run_than_their_states_are_refused(spark: SparkSession, settings: Settings) -> None:
    put(DAILY_PRICES, settings, price(BEFORE, 10), price(DAY, 12))
    run(indicators_1d, batch(BEFORE, BEFORE), spark, settings)
    ensure(INDICATORS_1D, settings).update(updates={"run_id": "'another'"})
    with pytest.raises(StateMismatch, match=rf"of {BEFORE} come from different runs.*run the job again from {BEFORE}"):
        run(indicators_1d, batch(DAY, DAY), spark, settings)


def test_an_image_names_the_commit_that_it_was_built_from(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TAYHO_CODE_COMMIT", "built-from-this")
    assert code_commit() == "built-from-this"


def test_a_landing_folder_without_files_is_named(settings: Settings) -> None:
    with pytest.raises(EmptyInput, match=r"landing: no \.csv or \.csv\.gz file for landing.cafef_prices"):
        landing_files(CAFEF_PRICES, settings)


def test_lines_that_do_not_arrive_are_missed(
    spark: SparkSession, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_prices(settings, "XANB", "20/11/2026", "19/11/2026")

    def lose_one(frame: DataFrame, *rest: Any) -> None:
        write(frame.where("Ngay <> '19/11/2026'"), *rest)

    with monkeypatch.context() as patch:
        patch.setattr("spark_apps.lake.frames.replace", lose_one)
        with pytest.raises(RowsDoNotAddUp, match=r"daily_price_lines: 2 lines read, but 1 written; .* at version 0\. "):
            run(daily_price_lines, batch(*ALL_DAYS), spark, settings)
    assert row_count(daily_price_lines.writes, settings) == 0
    again = run(daily_price_lines, batch(*ALL_DAYS), spark, settings)
    assert (again.status, again.rows_out) == ("done", 2)


def test_a_session_without_a_message_opens_and_ends_all_the_same(lake: Application) -> None:
    hours = DrillMarket(seed=1, minutes=1).hours
    report = publish_session([], entries_of, hours, lake.settings)
    assert (report.messages, report.clocks) == (0, 60 + lake.settings.live.lateness_seconds + 2)


class Store:
    """Stand for Spark's state store: a value and a list, kept between processors."""

    def __init__(self) -> None:
        self.value: tuple[Any, ...] | None = None
        self.log: list[tuple[Any, ...]] = []

    def getValueState(self, name: str, schema: Any) -> "Store":  # noqa: N802 - Spark's name
        return self

    def getListState(self, name: str, schema: Any) -> "StoredList":  # noqa: N802 - Spark's name
        return StoredList(self.log)

    def get(self) -> tuple[Any, ...] | None:
        return self.value

    def update(self, value: tuple[Any, ...]) -> None:
        self.value = value


class StoredList:
    """Stand for a list of Spark's state store."""

    def __init__(self, log: list[tuple[Any, ...]]) -> None:
        self.log = log

    def get(self) -> Iterator[tuple[Any, ...]]:
        return iter(self.log)

    def put(self, rows: list[tuple[Any, ...]]) -> None:
        self.log[:] = rows

    def appendValue(self, row: tuple[Any, ...]) -> None:  # noqa: N802 - Spark's name
        self.log.append(row)


def batches_of(processor: FoldProcessor, *batches: list[bytes]) -> Iterator[list[pd.DataFrame]]:
    offset = 0
    for records in batches:
        offsets = range(offset, offset + len(records))
        offset += len(records)
        given = pd.DataFrame({"partition": 7, "offset": offsets, "value": records, "broker_time": 0})
        yield list(processor.handleInputRows((7,), iter([given]), None))


@pytest.mark.parametrize("is_restarted", [False, True])
def test_a_failpoint_inside_the_write_parts_the_output_and_changes_no_row(
    is_restarted: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = [
        encode_clock(0, SESSION, ClockFlag.OPENS),
        encode_trades(rows_of((entry(1, 5), entry(1, 5, instrument_id=2)))),
    ]
    ends = [encode_clock(60 * SECOND, SESSION, ClockFlag.ENDS)]
    parameters, store = FoldParameters(*PARAMETERS[:5]), Store()
    parts: list[list[pd.DataFrame]] = []
    monkeypatch.setenv("TAYHO_FAILPOINT", "fold:inside_write:9")
    for run_id, records in (("first", session), ("second" if is_restarted else "first", ends)):
        processor = FoldProcessor(parameters, run_id, 0)
        processor.init(store)  # type: ignore[arg-type]  # it stands for Spark's handle
        parts += batches_of(processor, records)
    assert [len(frame) for frame in parts[-1]] == [2, 3]  # the bars of two instruments, their signals, the progress
    outputs = [value for frame in parts[-1] for value in frame["value"]]
    bars: Rows = split_outputs(*laid_out(outputs))[Kind.BAR]
    assert bars["instrument_id"].tolist() == [1, 2]
    assert np.all(bars["volume"] == 10)


def test_what_is_written_of_the_state_follows_what_was_touched() -> None:
    store, size = Store(), 200
    entries = rows_of(tuple(entry(1, 5, instrument_id=number) for number in range(1, size + 1)))
    batches = [[encode_clock(0, SESSION, ClockFlag.OPENS), encode_trades(entries)]]
    for one in [*range(1, size)] * 12:
        batches.append(
            [encode_clock(0, SESSION), encode_trades(rows_of((entry(len(batches) + 1, 6, instrument_id=one),)))]
        )
    processor = FoldProcessor(FoldParameters(*PARAMETERS[:3], 1_000, 3), "first", 0)
    processor.init(store)  # type: ignore[arg-type]  # it stands for Spark's handle
    written = [len(store.log[-1][0]) for _ in batches_of(processor, *batches)]
    whole = written[0]
    assert written[1] < whole / 50
    # Begun anew now and then: a log stays within a few times of what it says.
    assert sum(length > whole for length in written) in range(1, 20)
    assert sum(len(row[0]) for row in store.log) < 5 * max(written)
    again = FoldProcessor(processor.parameters, "second", 0)
    again.init(store)  # type: ignore[arg-type]  # it stands for it still
    assert dict(again._current(7).sections) == processor._current(7).sections
