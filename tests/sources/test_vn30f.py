"""VN30 futures files: newest first, no ids, whole seconds."""

import gzip
from datetime import date
from pathlib import Path

import pytest

from spark_apps.errors import EmptyInput, IncompatibleSchema, SchemaMismatch
from spark_apps.rules.calendar import at
from spark_apps.sources.admit import entries_of
from spark_apps.sources.parse import parse_message
from spark_apps.sources.quote import Quote
from spark_apps.sources.trade import Trade, Unreadable
from spark_apps.sources.vn30f.feed import envelopes
from tests.plugins import REAL_DATA

DAY = date(2026, 2, 27)
HEADER = "Time,Price,Volume,Side"


def put(folder: Path, *lines: str, header: str = HEADER) -> Path:
    path = folder / "vn30f" / "ticks" / "20260227.csv.gz"
    path.parent.mkdir(parents=True)
    path.write_bytes(gzip.compress("".join(f"{line}\r\n" for line in (header, *lines)).encode()))
    return folder


def read(line: str) -> Trade | Quote | Unreadable:
    return parse_message("vn30f", "trade", "csv", line.encode(), 5, at(DAY, "10:00"), at(DAY, "10:00"))


def test_a_file_is_read_backwards_and_its_lines_stay_untouched(tmp_path: Path) -> None:
    found = list(envelopes(put(tmp_path, "14:45:00,2053.60,1,M", "09:00:00,2067.00,2,B"), DAY))
    assert [(one.source_seq, one.payload) for one in found] == [
        (1, b"09:00:00,2067.00,2,B"),
        (2, b"14:45:00,2053.60,1,M"),
    ]
    assert [one.event_time for one in found] == [at(DAY, "09:00"), at(DAY, "14:45")]
    assert {one.received_at - one.event_time for one in found} == {5_000_000}


def test_a_byte_order_mark_is_no_part_of_the_first_column(tmp_path: Path) -> None:
    (found,) = envelopes(put(tmp_path, "14:45:00,2053.60,1,M", header="\ufeff" + HEADER), DAY)
    assert found.payload == b"14:45:00,2053.60,1,M"


def test_equal_lines_are_distinct_trades_in_the_order_of_the_file(tmp_path: Path) -> None:
    lines = ["09:00:01,2067.10,1,M", "09:00:01,2067.00,1,M", "09:00:01,2067.10,1,M"]
    found = list(envelopes(put(tmp_path, *lines), DAY))
    assert [one.payload.decode() for one in found] == lines[::-1]
    assert [one.source_seq for one in found] == [1, 2, 3]


@pytest.mark.parametrize(("letter", "side"), [("M", "buy"), ("B", "sell"), ("-", "unknown")])
def test_b_is_the_seller(letter: str, side: str) -> None:
    found = read(f"09:00:00,2067.00,2,{letter}")
    assert isinstance(found, Trade)
    assert found.side == side


def test_a_line_becomes_a_trade_of_the_front_contract() -> None:
    nothing = (None, None, None, None)
    assert read("14:45:00,2053.60,3,M") == Trade(
        "vn30f", 100, DAY, 5, None, at(DAY, "14:45"), 20_536_000, 3, "buy", *nothing
    )


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("", "payload: 1 fields, expected Time,Price,Volume,Side"),
        ("24:00:00,2053.60,1,M", "Time: '24:00:00' is not HH:MM:SS"),
        ("14:45:00,2_053,1,M", "Price: '2_053' is not a number with at most 14 digits and 4 decimals"),
        ("14:45:00,NaN,1,M", "Price: 'NaN' is not a number with at most 14 digits and 4 decimals"),
        ("14:45:00,2053.60,1.5,M", "Volume: '1.5' is not a whole number"),
        ("14:45:00,2053.60,1,S", "Side: 'S' is none of M, B, -"),
    ],
)
def test_an_unreadable_line_says_which_field_and_value(line: str, reason: str) -> None:
    assert read(line) == Unreadable(reason)


def test_bad_utf8_is_unreadable() -> None:
    found = parse_message("vn30f", "trade", "csv", b"\xff", 1, 1, 1)
    assert found == Unreadable("payload: not UTF-8 at byte 0")


def test_a_line_without_a_time_takes_that_of_the_line_before(tmp_path: Path) -> None:
    found = list(envelopes(put(tmp_path, "rubbish", "09:30:00,2067.00,2,B"), DAY))
    assert [one.event_time for one in found] == [at(DAY, "09:30")] * 2


def test_a_column_added_at_the_end_passes(tmp_path: Path) -> None:
    folder = put(tmp_path, "09:30:00,2067.00,2,B,x", header=f"{HEADER},Venue")
    assert not entries_of(list(envelopes(folder, DAY)))["verdict"].any()


@pytest.mark.parametrize("header", ["Time,Price,Volume", "Time,Price,Quantity,Side", "Venue,Time,Price,Volume,Side"])
def test_a_changed_header_is_refused_before_anything_is_sent(tmp_path: Path, header: str) -> None:
    with pytest.raises(IncompatibleSchema, match=r"20260227.csv.gz: schema tayho:vn30f.trade.v1: .*required"):
        next(envelopes(put(tmp_path, "x", header=header), DAY))


def test_columns_in_another_order_are_refused(tmp_path: Path) -> None:
    with pytest.raises(IncompatibleSchema, match=r"20260227.csv.gz: its columns begin with Time,Volume,Price,Side"):
        next(envelopes(put(tmp_path, "09:30:00,2,2067,B", header="Time,Volume,Price,Side"), DAY))


def test_a_session_without_a_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EmptyInput, match=r"20260227.csv.gz: there is no file of this session"):
        next(envelopes(tmp_path, DAY))


@pytest.mark.parametrize(
    "content",
    [b"Time,Price,Volume,Side", gzip.compress(b"x" * 100)[:-20], gzip.compress(b"")],
    ids=["plain text", "cut short", "without a header"],
)
def test_a_file_that_gzip_cannot_read_is_refused(tmp_path: Path, content: bytes) -> None:
    path = put(tmp_path) / "vn30f" / "ticks" / "20260227.csv.gz"
    path.write_bytes(content)
    with pytest.raises(SchemaMismatch, match=r"20260227.csv.gz: not a readable gzip file with a header"):
        next(envelopes(tmp_path, DAY))


@pytest.mark.real_data
def test_the_real_session_has_its_trades_and_its_volume() -> None:
    entries = entries_of(list(envelopes(REAL_DATA, DAY)))
    assert (len(entries), int(entries["quantity"].sum())) == (73_357, 205_004)
    assert not entries["verdict"].any()
    assert (entries["event_time"][1:] >= entries["event_time"][:-1]).all()
