"""The page of a day: complete when rows are there, honest when they are not, and alone in the world."""

import re
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pandas as pd
import pytest
from pyspark.sql import SparkSession

from spark_apps.errors import RuleViolated
from spark_apps.jobs import report
from spark_apps.jobs.day_rows import read_day
from spark_apps.jobs.report import refuse_offending_rows, show_day, write_page
from spark_apps.reports.charts import bar_chart, minute_chart
from spark_apps.reports.html import DayRows, billions, build_page, per_cent, thousands
from spark_apps.settings import Portfolio, Settings
from spark_apps.tables.daily import INDEX_PRICES, RETURNS_1D
from spark_apps.tables.decisions import DAILY_REPORT, MOMENTUM_1D, VALUE_AT_RISK
from spark_apps.tables.live import BARS_1M_LIVE
from spark_apps.tables.market import BARS_1D, BARS_1M
from spark_apps.tables.operations import RUNS, STREAM_PROGRESS
from tests.frames import DAY
from tests.sql.test_catalogue import put

NINE = 1_795_140_000_000_000_000  # 2026-11-20 09:00 on the exchange's clock
SECOND = 1_000_000_000
EMPTY = pd.DataFrame()
NOTHING = DayRows(DAY, None, EMPTY, (), EMPTY, (), EMPTY, EMPTY, EMPTY, {}, None, "abc")


def bars(*closes: int) -> pd.DataFrame:
    times = pd.date_range("2026-11-20 09:00", periods=len(closes), freq="min")
    return pd.DataFrame({"bar_time": times, **dict.fromkeys(("open", "high", "low", "close"), closes), "volume": 100})


def test_a_day_without_rows_says_what_is_missing() -> None:
    page = build_page(NOTHING)
    assert page.count('class="missing"') == 8
    assert "<svg" not in page


def test_the_same_rows_give_the_same_page() -> None:
    assert build_page(NOTHING) == build_page(NOTHING)
    assert minute_chart(bars(3, 4), "x") == minute_chart(bars(3, 4), "x")


def test_two_charts_of_one_page_share_no_ids() -> None:
    ids = [set(re.findall(r' id="([^"]+)"', minute_chart(bars(3, 4), label))) for label in ("one", "two")]
    assert ids[0]
    assert not ids[0] & ids[1]


def test_a_chart_keeps_diacritics_as_text_and_takes_the_ink_of_the_page() -> None:
    chart = bar_chart(["Đường & Sữa"], [1.5], "Động lượng <1>")
    assert "Đường &amp; Sữa" in chart
    assert 'aria-label="Động lượng &lt;1&gt;"' in chart
    assert "currentColor" in chart


def test_numbers_are_grouped_and_missing_ones_are_dashes() -> None:
    assert [thousands(1234567), billions(12_345_000_000), per_cent(0.0123)] == ["1,234,567", "12.3", "1.23 %"]
    assert [thousands(None), billions(float("nan")), per_cent(None)] == ["-", "-", "-"]


@pytest.fixture
def traded(spark: SparkSession, settings: Settings) -> Settings:
    """Write one small day: two minutes, a week of returns and limits, a ranking, a live bar, a quarantined row."""
    minutes = [{"bar_start": NINE + place * 60_000_000_000, "close": 20 + place} for place in range(2)]
    put(spark, settings, BARS_1M, *minutes)
    put(spark, settings, BARS_1D, {"bar_start": NINE})
    week = [{"session_date": DAY - timedelta(days)} for days in range(5)]
    put(spark, settings, RETURNS_1D, *({**day, "daily_return": -0.5} for day in week))
    put(spark, settings, VALUE_AT_RISK, *({**day, "portfolio": "lake", "scenarios": 300} for day in week))
    put(spark, settings, MOMENTUM_1D, {"momentum_rank": 1})
    put(spark, settings, DAILY_REPORT, {"advances": 1, "declines": 0, "unchanged": 0})
    clocks = {name: NINE + place * 55_500_000 for place, name in enumerate(("caused_at", "folded_at", "emitted_at"))}
    put(spark, settings, BARS_1M_LIVE, {**clocks, "written_at": NINE + 3 * SECOND})
    batches = ({"query": query, "started_at": NINE + SECOND, "records_behind": 9_876} for query in ("fold", "gold"))
    put(spark, settings, STREAM_PROGRESS, {"query": "bronze", "started_at": NINE - 1}, *batches)
    put(spark, settings, RUNS, {"job": "silver.ticks", "rows_quarantined": 77_777, "status": "done"})
    put(spark, settings, RUNS, {"job": "silver.ticks", "rows_quarantined": 88_888, "status": "failed", "started_at": 9})
    return settings.with_values(portfolios=(Portfolio(name="lake", value_vnd=1, weights={"XANB": Decimal(1)}),))


def test_the_page_holds_what_the_lake_knows_and_fetches_nothing(spark: SparkSession, traded: Settings) -> None:
    page = write_page(read_day(spark, traded, DAY), traded).read_text(encoding="utf-8")
    assert '<td>broker to fold</td><td class="n">55.5</td>' in page
    assert "Records behind by query: fold, gold" in page  # bronze was at work on something else
    for words in ("XANB", "Ngân hàng Thương mại Cổ phần Ánh Bình Minh", "equal weights", "77,777", "state_chain"):
        assert words in page
    assert page.count("<svg") == 5
    assert "width=device-width" in page
    assert not re.search(r'(?:src|href)="(?!#)|url\((?!#)|@import|<script', page)


def test_an_index_file_wins_over_equal_weights(spark: SparkSession, traded: Settings) -> None:
    put(spark, traded, INDEX_PRICES, {"index_code": "VNINDEX"}, {"index_code": "HNX"})
    assert "<h3>VNINDEX" in write_page(read_day(spark, traded, DAY), traded).read_text(encoding="utf-8")


def test_a_lake_without_tables_gives_a_page_too(spark: SparkSession, settings: Settings) -> None:
    path = write_page(read_day(spark, settings, date(2026, 11, 19)), settings)
    assert path.name == "daily-2026-11-19.html"
    assert "No minute bars for this session" in path.read_text(encoding="utf-8")


def test_a_page_of_the_same_lake_stays_and_one_of_another_is_made_anew(
    spark: SparkSession, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[date] = []

    def read(spark: SparkSession, settings: Settings, session_date: date) -> DayRows:
        asked.append(session_date)
        return replace(NOTHING, summary={"trade_count": len(asked), "best_symbol": None}, checks={"state_chain": 0})

    monkeypatch.setattr(report, "read_day", read)
    monkeypatch.setattr(report, "build_page", lambda rows: "a page")
    first = show_day(spark, settings, DAY)
    assert (first.summary, first.checks, first.path.is_file()) == ({"trade_count": "1"}, {"state_chain": 0}, True)
    put(spark, settings, RUNS, {"job": "silver.ticks", "status": "failed"})
    put(spark, settings, STREAM_PROGRESS, {"query": "fold"})
    assert show_day(spark, settings, DAY) == first
    put(spark, settings, RUNS, {"job": "silver.ticks", "status": "unchanged"})  # messages are compared up to its day
    assert show_day(spark, settings, DAY).summary == {"trade_count": "2"}
    put(spark, settings, RUNS, {"job": "silver.ticks", "run_id": "another", "status": "done"})
    assert show_day(spark, settings, DAY).summary == {"trade_count": "3"}
    put(spark, settings, BARS_1D, {"volume": 1})
    show_day(spark, settings, DAY)
    show_day(spark, settings.with_values(seed=8), DAY)
    monkeypatch.setattr(report, "code_hash", lambda: "mended")
    show_day(spark, settings, DAY)
    first.path.unlink()
    show_day(spark, settings, DAY)
    first.path.with_suffix(".json").write_text('{"made_of": {', encoding="utf-8")  # its writer died
    assert show_day(spark, settings, DAY).summary == {"trade_count": "8"}
    assert (len(asked), first.path.is_file()) == (8, True)


def test_a_page_of_a_lake_that_is_not_there_makes_no_table(
    spark: SparkSession, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report, "read_day", lambda *_: NOTHING)
    show_day(spark, settings, DAY)
    assert not settings.lake_root.exists()


def test_a_check_that_must_hold_ends_in_an_error() -> None:
    refuse_offending_rows({"state_chain": 0, "silent_minutes": 9})
    with pytest.raises(RuleViolated, match=r"sql/checks/state_chain\.sql \(2 rows\)"):
        refuse_offending_rows({"state_chain": 2})
