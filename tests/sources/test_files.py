"""Daily files as they lie in the landing folder, the good and the bad."""

import gzip
import os
from datetime import date
from pathlib import Path

import pyarrow as pa
import pytest
from pyspark.sql import SparkSession

from spark_apps.errors import SchemaMismatch
from spark_apps.lake.reading import landing_files
from spark_apps.rules.calendar import at
from spark_apps.settings import Settings
from spark_apps.sources.files import load_files, read_rows
from spark_apps.tables.sources import CAFEF_PRICES, CAFEF_PROPRIETARY_FLOWS, INDEX_FILES, UNDATED

INDEX_HEADER = "time,open,high,low,close,volume,symbol,name"
RECEIVED = at(date(2026, 11, 21), "00:30")  # the day before by UTC
INDEX_LINE = "2026-11-20,1,2,1,2,100,XINDEX,Chỉ số thị trường"


def index_file(folder: Path, *lines: str, header: str = INDEX_HEADER, encoding: str = "utf-8") -> Path:
    path = folder / "indices" / "XINDEX.csv"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes("\n".join([header, *lines, ""]).encode(encoding))
    os.utime(path, ns=(RECEIVED, RECEIVED))
    return path


def read(path: Path) -> list[dict[str, object]]:
    found: list[dict[str, object]] = read_rows(path, INDEX_FILES).to_pylist()
    return found


def test_a_line_is_kept_text_for_text_with_its_place(tmp_path: Path) -> None:
    assert read(index_file(tmp_path, INDEX_LINE)) == [
        {
            "file_name": "XINDEX.csv", "row_number": 1, "symbol": "XINDEX",
            "slice_date": date(2026, 11, 20), "received_date": date(2026, 11, 21),
            "time": "2026-11-20", "open": "1", "high": "2", "low": "1", "close": "2", "volume": "100",
            "name": "Chỉ số thị trường",
        }
    ]  # fmt: skip


def test_a_byte_order_mark_is_no_part_of_the_first_column(tmp_path: Path) -> None:
    plain = read(index_file(tmp_path, INDEX_LINE))
    assert read(index_file(tmp_path, INDEX_LINE, encoding="utf-8-sig")) == plain


def test_columns_are_those_of_the_table_in_its_order(tmp_path: Path) -> None:
    path = index_file(tmp_path, "XINDEX,2,100,1,2,1,2026-11-20,n", header="symbol,high,volume,low,close,open,time,name")
    assert tuple(read_rows(path, INDEX_FILES).column_names) == INDEX_FILES.column_names


@pytest.mark.parametrize("text", ["", "31/02/2026", "20/11/26", "2026-11-20x", "20-11-2026", "1/8/2010", "31/12/1969"])
def test_a_text_that_is_no_date_goes_to_the_day_of_undated_rows(tmp_path: Path, text: str) -> None:
    assert read(index_file(tmp_path, f"{text},1,2,1,2,1,XINDEX,n"))[0]["slice_date"] == UNDATED


def test_a_date_of_either_layout_is_read(tmp_path: Path) -> None:
    assert read(index_file(tmp_path, "20/11/2026,1,2,1,2,1,XINDEX,n"))[0]["slice_date"] == date(2026, 11, 20)


def test_text_that_means_nothing_is_kept(tmp_path: Path) -> None:
    row = read(index_file(tmp_path, "2026-11-20,,NULL,-,NaN,1e5,XINDEX,"))[0]
    assert [row[name] for name in ("open", "high", "low", "close", "volume", "name")] == [
        "",
        "NULL",
        "-",
        "NaN",
        "1e5",
        "",
    ]


def test_a_file_without_lines_has_no_rows(tmp_path: Path) -> None:
    assert read(index_file(tmp_path)) == []


@pytest.mark.parametrize(
    ("header", "line", "message"),
    [
        (
            "time,open,high,low,volume,symbol,name",
            "2026-11-20,1,2,1,100,XINDEX,n",
            "lacks column close; landing.index_f",
        ),
        (f"{INDEX_HEADER},x", f"{INDEX_LINE},1", "has unknown column x; landing.index_files declares time, open"),
        (f"{INDEX_HEADER},Close", f"{INDEX_LINE},1", "repeats column close"),
        (INDEX_HEADER, "2026-11-20,1,2", "not a readable CSV file: .*Expected 8 columns, got 3"),
        (INDEX_HEADER, "2026-11-20,1,2,1,2,1,VNINDEX,n", "its column symbol names another symbol than the file"),
    ],
)
def test_a_file_of_another_layout_is_refused_by_name(tmp_path: Path, header: str, line: str, message: str) -> None:
    with pytest.raises(SchemaMismatch, match=f"XINDEX.csv: {message}"):
        read(index_file(tmp_path, line, header=header))


def test_bad_utf8_is_refused_by_file(tmp_path: Path) -> None:
    with pytest.raises(SchemaMismatch, match=r"XINDEX.csv: not a readable CSV file: .*UTF8"):
        read(index_file(tmp_path, "2026-11-20,1,2,1,2,100,XINDEX,côté", encoding="latin-1"))


@pytest.mark.parametrize(
    "content",
    [b"no gzip", gzip.compress(b"a,b\n1,2\n" * 9_999)[:-30], b""],
    ids=["plain text", "cut short", "empty"],
)
def test_a_file_that_cannot_be_unpacked_is_refused_by_name(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "XANB.csv.gz"
    path.write_bytes(content)
    with pytest.raises(SchemaMismatch, match=r"XANB.csv.gz: not a readable CSV file"):
        read_rows(path, CAFEF_PRICES)


def test_a_file_of_another_ending_is_refused_by_name_and_not_passed_over(settings: Settings) -> None:
    folder = settings.landing_root / "cafef" / "prices"
    folder.mkdir(parents=True)
    (folder / "XANB.csv.zip").write_bytes(b"PK\x03\x04\xff\xff")
    (path,) = landing_files(CAFEF_PRICES, settings)
    with pytest.raises(SchemaMismatch, match=r"XANB.csv.zip: not a readable CSV file"):
        read_rows(Path(path), CAFEF_PRICES)


def test_spark_reads_the_files_of_its_table_and_no_others(spark: SparkSession, settings: Settings) -> None:
    line = "Symbol,Date,KLcpMua,KlcpBan,GtMua,GtBan\nXANB,20/11/2026,1,2,3,4\n"
    for root in (settings.landing_root, settings.landing_root / "last year"):
        folder = root / "cafef" / "proprietary"
        folder.mkdir(parents=True)
        (folder / "XANB.csv.gz").write_bytes(gzip.compress(line.encode("utf-8-sig")))
    index_file(settings.landing_root, INDEX_LINE)
    paths = [(path,) for path in landing_files(CAFEF_PROPRIETARY_FLOWS, settings)]
    assert len(paths) == 1
    found = load_files(spark.createDataFrame(paths, "path STRING"), CAFEF_PROPRIETARY_FLOWS).toArrow()
    assert found.column_names == list(CAFEF_PROPRIETARY_FLOWS.column_names)
    assert found.drop_columns(["slice_date", "received_date"]).to_pylist() == [
        {
            "file_name": "XANB.csv.gz", "row_number": 1, "symbol": "XANB", "date": "20/11/2026",
            "klcpmua": "1", "klcpban": "2", "gtmua": "3", "gtban": "4",
        }
    ]  # fmt: skip
    assert found["slice_date"].type == pa.date32()
