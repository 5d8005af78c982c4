"""Real files through the same code: every daily row by the batch path, every VN30 futures trade through the broker."""

import os
import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest
from deltalake import DeltaTable

from spark_apps.jobs.day import settings_for
from spark_apps.lake.location import location
from spark_apps.lake.reading import row_count
from spark_apps.settings import Settings
from spark_apps.tables import named
from tests.conftest import settings_in
from tests.house.tree import ROOT
from tests.plugins import REAL_DATA

pytestmark = [pytest.mark.real_data, pytest.mark.timeout(2_400)]
DAILY_ROWS = 4_245_489
TICKS = 286_190
# What a second run must leave alone, from what the broker gave to what is made of it.
TOLD = ("bronze.messages", "bronze.fold_input", "gold.bars_1m_live", "silver.ticks", "silver.trades", "gold.bars_1m")
# Contracts of each session; the bars file that comes with the ticks sums to the same.
DAY_VOLUMES = {"2026-02-24": 163_164, "2026-02-25": 211_342, "2026-02-26": 220_628, "2026-02-27": 205_004}


def carry(folder: Path) -> tuple[str, int]:
    """Run the command as users run it, with their Spark settings; give what it said and the peak memory in MiB."""
    ours = ("COVERAGE_", "PYSPARK_", "SPARK_")
    outside = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    places = {f"TAYHO_{name}_ROOT": str(folder / name.lower()) for name in ("LAKE", "LANDING", "REPORT")}
    command = [sys.executable, "-m", "spark_apps.cli", "run", "--data", str(REAL_DATA)]
    with (folder / "said").open("w+") as said:
        run = subprocess.Popen(
            command, cwd=ROOT, env=outside | places, stdout=said, stderr=subprocess.STDOUT, start_new_session=True
        )
        peak = 0
        while run.poll() is None:
            peak = max(peak, *_high_water(run.pid), 0)
            time.sleep(1)
        said.seek(0)
        told = said.read()
    assert run.returncode == 0, told[-4000:]
    return told, peak // 1024


def _high_water(session: int) -> Iterator[int]:
    """Give the most memory that each process of a session has held, KiB."""
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if os.getsid(int(folder.name)) == session:
                words = re.search(r"VmHWM:\s+(\d+)", (folder / "status").read_text())
                yield int(words[1]) if words else 0
        except OSError:
            continue  # it has ended


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Carry the folder through the whole day; print time and the peak memory of the largest process."""
    folder = tmp_path_factory.mktemp("real")
    given = settings_for(settings_in(folder), REAL_DATA)
    began = time.monotonic()
    _, peak = carry(folder)
    print(f"real data: {time.monotonic() - began:.0f} s, peak {peak:,} MiB")
    assert list(given.report_root.glob("daily-*.html"))
    return given


def table(name: str, settings: Settings, *columns: str) -> pd.DataFrame:
    read = DeltaTable(str(location(named(name), settings))).to_pyarrow_table(columns=list(columns))
    frame: pd.DataFrame = pa.table(read).to_pandas()
    return frame


def reference() -> pd.DataFrame:
    bars = pd.read_csv(REAL_DATA / "vn30f" / "bars_1m.csv.gz")
    bars["bar_start"] = pd.to_datetime(bars["time"]).astype("int64")
    return bars


def live_bars(settings: Settings) -> pd.DataFrame:
    columns = ("session_date", "bar_start", "revision", "open", "high", "low", "close", "volume")
    bars = table("gold.bars_1m_live", settings, *columns)
    return bars.sort_values("revision").groupby("bar_start").tail(1)


def test_the_same_files_again_change_no_table(real: Settings) -> None:
    first = {name: row_count(named(name), real) for name in TOLD}
    told, _ = carry(real.lake_root.parents[1])
    assert {name: row_count(named(name), real) for name in TOLD} == first
    for name in ("silver.ticks", "silver.trades", "gold.bars_1m"):
        assert re.search(rf"│ {re.escape(name)} .* unchanged │", told), told[-4000:]


def test_every_daily_row_is_in_silver_or_in_quarantine(real: Settings) -> None:
    assert row_count(named("bronze.daily_price_lines"), real) == DAILY_ROWS
    kept, aside = (row_count(named(f"{layer}.daily_prices"), real) for layer in ("silver", "quarantine"))
    assert (kept + aside, aside) == (DAILY_ROWS, 488)


def test_the_known_dirt_is_found_by_name(real: Settings) -> None:
    broken = table("quarantine.daily_prices", real, "broken_rules")["broken_rules"]
    assert Counter(name for names in broken for name in names) == {
        "close_is_positive": 96,
        "high_is_not_below_low": 389,
        "volume_is_not_negative": 3,
    }


def test_every_futures_trade_came_through_the_broker(real: Settings) -> None:
    assert row_count(named("bronze.messages"), real) == TICKS
    assert row_count(named("silver.trades"), real) == TICKS


@pytest.mark.parametrize("source", ["live", "batch"])
def test_minute_bars_meet_the_independent_ones(source: str, real: Settings) -> None:
    columns = ("session_date", "bar_start", "open", "high", "low", "close", "volume")
    bars = live_bars(real) if source == "live" else table("gold.bars_1m", real, *columns)
    both = reference().merge(bars, on="bar_start", suffixes=("_theirs", ""))
    same = {
        name: int((both[name].astype(float) == both[f"{name}_theirs"].astype(float)).sum())
        for name in ("open", "high", "low", "close")
    }
    assert (len(bars), len(both)) == (964, 964)
    assert {name: same[name] for name in ("open", "high", "low")} == {"open": 964, "high": 964, "low": 964}
    assert same["close"] >= 963


def test_day_volumes_are_exact(real: Settings) -> None:
    volumes = live_bars(real).groupby("session_date")["volume"].sum()
    assert {str(day): int(volume) for day, volume in volumes.items()} == DAY_VOLUMES


def test_the_closing_print_is_a_bar_of_its_own(real: Settings) -> None:
    starts = pd.to_datetime(live_bars(real)["bar_start"], utc=True).dt.tz_convert("Asia/Ho_Chi_Minh")
    assert (starts.dt.strftime("%H:%M") == "14:45").sum() == len(DAY_VOLUMES)
