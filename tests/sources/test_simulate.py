"""The simulated daily files agree with the simulated trades, and carry the dirt they say."""

import csv
import gzip
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from spark_apps.exchange.walk import market_session
from spark_apps.rules.calendar import sessions
from spark_apps.sources.cafef.simulate import write_daily_files
from spark_apps.sources.files import read_rows
from spark_apps.tables.model import Table
from spark_apps.tables.sources import CAFEF_FOREIGN_FLOWS, CAFEF_PRICES, CAFEF_PROPRIETARY_FLOWS, FOLDERS, INDEX_FILES

DAY = date(2026, 11, 20)


@pytest.fixture(scope="module")
def landing(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("landing")
    write_daily_files(folder, seed=7, traded=[DAY], sessions=60, trades_per_session=2_000)
    return folder


def prices(landing: Path, symbol: str) -> list[dict[str, str]]:
    data = (landing / "cafef" / "prices" / f"{symbol}.csv.gz").read_bytes()
    return list(csv.DictReader(gzip.decompress(data).decode("utf-8-sig").splitlines()))


def vnd(text: str) -> int:
    return int(Decimal(text) * 10_000_000)


def test_the_newest_line_is_the_session_to_the_share(landing: Path) -> None:
    for trades in market_session(DAY, 7, 2_000):
        row = prices(landing, trades.instrument.symbol)[0]
        found = [vnd(row[name]) for name in ("GiaMoCua", "GiaCaoNhat", "GiaThapNhat", "GiaDongCua")]
        assert row["Ngay"] == "20/11/2026"
        assert found == [trades.price[0], trades.price.max(), trades.price.min(), trades.price[-1]]
        assert int(row["KhoiLuongKhopLenh"]) == trades.quantity.sum()


def test_every_session_has_a_line_newest_first(landing: Path) -> None:
    days = list(sessions(date(2026, 8, 1), DAY))[-60:]
    assert [row["Ngay"] for row in prices(landing, "XANB")] == [f"{day:%d/%m/%Y}" for day in reversed(days)]


def test_a_split_halves_the_history_before_it_in_the_adjusted_close(landing: Path) -> None:
    rows = {row["Ngay"]: row for row in prices(landing, "XMAY")}
    before, after = rows["14/09/2026"], rows["15/09/2026"]
    assert vnd(before["GiaDieuChinh"]) * 2 == vnd(before["GiaDongCua"])
    assert after["GiaDieuChinh"] == after["GiaDongCua"]
    assert vnd(after["GiaDongCua"]) < vnd(before["GiaDongCua"]) * 0.6


@pytest.mark.parametrize(
    ("symbol", "column", "bad"),
    [("XCDN", "GiaDongCua", "0.0"), ("XDVN", "GiaCaoNhat", "0.0"), ("XKTT", "GiaDieuChinh", "0.0")],
)
def test_one_old_line_is_dirty(landing: Path, symbol: str, column: str, bad: str) -> None:
    found = [place for place, row in enumerate(prices(landing, symbol)) if row[column] == bad]
    assert found == [29]


def test_one_old_line_has_a_negative_volume(landing: Path) -> None:
    negative = [place for place, row in enumerate(prices(landing, "XHAI")) if row["KhoiLuongKhopLenh"].startswith("-")]
    assert negative == [29]


@pytest.mark.parametrize(
    ("table", "files"),
    [(CAFEF_PRICES, 36), (CAFEF_FOREIGN_FLOWS, 10), (CAFEF_PROPRIETARY_FLOWS, 10), (INDEX_FILES, 1)],
    ids=lambda value: getattr(value, "name", value),
)
def test_files_have_the_layout_of_the_real_ones(landing: Path, table: Table, files: int) -> None:
    paths = sorted((landing / FOLDERS[table.name]).iterdir())
    assert len(paths) == files
    for path in paths:
        found = read_rows(path, table)
        assert found.num_rows == 60
        assert found["slice_date"].null_count == 0


def test_the_same_arguments_write_the_same_bytes(landing: Path, tmp_path: Path) -> None:
    again = write_daily_files(tmp_path, seed=7, traded=[DAY], sessions=60, trades_per_session=2_000)
    assert all(path.read_bytes() == (landing / path.relative_to(tmp_path)).read_bytes() for path in again)


def test_files_written_again_keep_their_time(tmp_path: Path) -> None:
    first = [path.stat().st_mtime_ns for path in write_daily_files(tmp_path, 7, [DAY], 5, 1_500)]
    again = [path.stat().st_mtime_ns for path in write_daily_files(tmp_path, 7, [DAY], 5, 1_500)]
    assert again == first
