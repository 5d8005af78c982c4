"""What an aggregate conserves of its input: sums that are checked, to the last decimal, and told."""

from dataclasses import replace
from decimal import Decimal

import pytest
from pyspark.sql import DataFrame, SparkSession

from spark_apps.errors import RowsDoNotAddUp
from spark_apps.jobs.bars_1m import job as bars_1m
from spark_apps.jobs.bars_5m import job as bars_5m
from spark_apps.jobs.trades import job as trades
from spark_apps.lake.command import said
from spark_apps.lake.provenance import RunReport
from spark_apps.lake.run import run
from spark_apps.lake.worker_errors import as_raised_in_workers
from spark_apps.settings import Settings
from spark_apps.tables.market import TICKS
from tests.lake.test_run import TICK, TODAY, put


def test_a_sum_that_is_not_conserved_stops_the_run(spark: SparkSession, settings: Settings) -> None:
    put(TICKS, settings, TICK)
    run(trades, TODAY, spark, settings)
    run(bars_1m, TODAY, spark, settings)

    def lose_volume(bars: DataFrame, minutes: int) -> DataFrame:
        made: DataFrame = bars_5m.transform(bars, minutes)
        return made.selectExpr("* EXCEPT (volume)", "volume - 1 AS volume")

    with pytest.raises(
        RowsDoNotAddUp, match=r"gold.bars_5m: sum\(volume\) is 99, but sum\(volume\) of gold.bars_1m is 100.*Mend its"
    ):
        run(replace(bars_5m, transform=lose_volume), TODAY, spark, settings)


def test_a_sum_that_is_no_whole_number_is_kept_to_the_last_decimal(spark: SparkSession, settings: Settings) -> None:
    put(TICKS, settings, TICK | {"price": Decimal("2046.3333"), "quantity": 1})
    run(trades, TODAY, spark, settings)
    run(bars_1m, TODAY, spark, settings)
    report = run(bars_5m, TODAY, spark, settings)
    assert (report.status, report.sums["sum(value)"]) == ("done", 2046)

    def lose_value(bars: DataFrame, minutes: int) -> DataFrame:
        made: DataFrame = bars_5m.transform(bars, minutes)
        return made.selectExpr("* EXCEPT (value)", "CAST(value - 0.3333 AS DECIMAL(28, 4)) AS value")

    with pytest.raises(RowsDoNotAddUp, match=r"sum\(value\) is 2046.0000, but .* is 2046.3333"):
        run(replace(bars_5m, transform=lose_value), TODAY, spark, settings.with_values(seed=8))


def test_a_file_job_checks_its_sums_in_the_worker(spark: SparkSession, settings: Settings) -> None:
    put(TICKS, settings, TICK)
    run(trades, TODAY, spark, settings)
    job = replace(
        bars_1m, transform=lambda rows, kernels, seconds: bars_1m.transform(rows, kernels, seconds).slice(0, 0)
    )
    sentence = (
        r"^gold.bars_1m, 2026-11-20: sum\(volume\) is None, but sum\(quantity\) of its input is 100;.*Mend its [^\n]*$"
    )
    with pytest.raises(RowsDoNotAddUp, match=sentence), as_raised_in_workers():
        run(job, TODAY, spark, settings)


def test_what_is_said_of_an_aggregate_claims_no_sum() -> None:
    bars = RunReport("gold.bars_5m", "done", 100, 20, sums={"sum(volume)": 7_000, "sum(trade_count)": 100})
    assert said(bars, TODAY).endswith("done, 100 in, 20 out, sum(volume) = 7000, sum(trade_count) = 100")
    assert said(RunReport("silver.trades", "done", 5, 3, 1), TODAY).endswith("done, 5 in, 3 out, 1 quarantined")
    assert said(RunReport("silver.ticks", "unchanged"), TODAY) == "silver.ticks 2026-11-20..2026-11-20: unchanged"
