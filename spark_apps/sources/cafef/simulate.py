"""Write the simulated market's daily files as CafeF and the index vendor would, for a machine without real data.

A file's time is the evening of its last session, when a vendor would have written it, whatever the machine's clock.
The line of a session that was traded is what `exchange.walk` traded, to the share; other lines come from the same path
of opens and closes. XMAY's split shows in its adjusted closes. Four rows are dirty.
"""

import gzip
import os
from collections.abc import Collection, Iterable, Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

from spark_apps.exchange.walk import SPLITS, Trades, daily_path, generator, market_session, nearest_legal
from spark_apps.rules.calendar import at
from spark_apps.rules.instruments import Instrument
from spark_apps.rules.lots import round_lot
from spark_apps.rules.ticks import UNIT, tick_ladder, tick_size

HISTORY, FLOWS = 5, 6
PRICE_HEADER = (
    "Ngay,GiaDieuChinh,GiaDongCua,ThayDoi,KhoiLuongKhopLenh,GiaTriKhopLenh,KLThoaThuan,GtThoaThuan,"
    "GiaMoCua,GiaCaoNhat,GiaThapNhat"
)
FOREIGN_HEADER = "Ngay,KLGDRong,GTDGRong,ThayDoi,KLMua,GtMua,KLBan,GtBan,RoomConLai,DangSoHuu"
PROPRIETARY_HEADER = "Symbol,Date,KLcpMua,KlcpBan,GtMua,GtBan"
INDEX_HEADER = "time,open,high,low,close,volume,symbol,name"
WITH_FLOWS = 10
# Instrument, then what its middle row has wrong.
DIRTY = {3: "close", 5: "high", 7: "volume", 9: "adjusted"}


class Row(NamedTuple):
    """State one day of one instrument: prices unscaled, volume in shares, value in VND."""

    day: date
    adjusted: int
    reference: int
    open: int
    high: int
    low: int
    close: int
    volume: int
    value: int


def write_daily_files(
    folder: Path, seed: int, traded: Collection[date], sessions: int, trades_per_session: int = 40_000
) -> list[Path]:
    """Write prices, flows and an index, `sessions` days that end with the newest that was traded.

    The same arguments give the same bytes and file times, and each day keeps its prices and flows in files of later
    days.
    """
    until = max(traded)
    totals: dict[Instrument, dict[date, dict[str, Any]]] = {}
    for day in traded:
        for trades in market_session(day, seed, trades_per_session):
            totals.setdefault(trades.instrument, {})[day] = _totals(trades)
    paths = {instrument: _rows(instrument, seed, until, days) for instrument, days in totals.items()}
    written = []
    for instrument, path in paths.items():
        symbol, rows = instrument.symbol, path[-sessions:]
        lines = [_price_line(row, _fault(instrument, place, rows)) for place, row in enumerate(rows)][::-1]
        written.append(_write(folder / "cafef" / "prices" / f"{symbol}.csv.gz", PRICE_HEADER, lines))
        if instrument.instrument_id <= WITH_FLOWS:
            foreign, proprietary = _flow_lines(instrument, path, seed)
            name = f"{symbol}.csv.gz"
            written.append(_write(folder / "cafef" / "foreign" / name, FOREIGN_HEADER, foreign[-sessions:]))
            written.append(_write(folder / "cafef" / "proprietary" / name, PROPRIETARY_HEADER, proprietary[-sessions:]))
    lines = _index_lines(list(paths.values()))[-sessions:]
    written.append(_write(folder / "indices" / "XINDEX.csv", INDEX_HEADER, lines))
    for file in written:
        os.utime(file, ns=(at(until, "18:00"),) * 2)
    return written


def _totals(trades: Trades) -> dict[str, Any]:
    """Give what the trades of a session make of its row."""
    price, quantity = trades.price, trades.quantity
    return {
        "high": int(price.max()),
        "low": int(price.min()),
        "volume": int(quantity.sum()),
        "value": int((price // UNIT * quantity).sum()),
    }


def _rows(instrument: Instrument, seed: int, until: date, totals: Mapping[date, dict[str, Any]]) -> list[Row]:
    """Give an instrument's path from its first day, each day that was traded as it was."""
    path = daily_path(instrument, seed, until)
    draws = generator(seed, HISTORY, instrument.instrument_id).integers(0, 6, (len(path), 3)).tolist()
    split = SPLITS.get(instrument.instrument_id, date.min)
    rows = []
    for day, (up, down, busy) in zip(path, draws, strict=True):
        limits, ladder = (day.ceiling, day.floor), tick_ladder(instrument.exchange, instrument.kind, day.session_date)
        step = tick_size(instrument.exchange, instrument.kind, day.close, day.session_date)
        high = nearest_legal(max(day.open, day.close) + up * step, limits, ladder)
        low = nearest_legal(min(day.open, day.close) - down * step, limits, ladder)
        volume = (busy + 1) * 997 * round_lot(instrument.exchange, day.session_date)
        value = volume * (day.open + day.close) // 2 // UNIT
        # Both halves of a 1:1 split: history before it counts half.
        adjusted = day.close // 2 if day.session_date < split <= until else day.close
        row = Row(day.session_date, adjusted, day.reference, day.open, high, low, day.close, volume, value)
        rows.append(row._replace(**totals.get(day.session_date, {})))
    return rows


def _fault(instrument: Instrument, place: int, rows: list[Row]) -> str:
    is_middle = place == len(rows) // 2 and place < len(rows) - 1
    return DIRTY.get(instrument.instrument_id, "") if is_middle else ""


def _price_line(row: Row, fault: str) -> str:
    wrong: dict[str, Any] = {fault: -row.volume if fault == "volume" else 0} if fault else {}
    row = row._replace(**wrong)
    change = row.close - row.reference
    percent = Decimal(change * 100) / Decimal(row.reference)
    parts = [
        f"{row.day:%d/%m/%Y}",
        _thousand(row.adjusted),
        _thousand(row.close),
        f"{_thousand(change)}({percent:.2f} %)",
        str(row.volume),
        f"{row.value}.0",
        "0",
        "0",
        *(_thousand(price) for price in (row.open, row.high, row.low)),
    ]
    return ",".join(parts)


def _thousand(price: int) -> str:
    """Write an unscaled price in thousand VND as the vendor does: 42.0, 8.82."""
    text = format(Decimal(price).scaleb(-7).normalize(), "f")
    return text if "." in text else f"{text}.0"


def _flow_lines(instrument: Instrument, rows: list[Row], seed: int) -> tuple[list[str], list[str]]:
    draws = generator(seed, FLOWS, instrument.instrument_id).integers(0, 50, (len(rows), 4)).tolist()
    foreign, proprietary = [], []
    for row, (bought, sold, own_bought, own_sold) in zip(rows, draws, strict=True):
        price, day = row.close // UNIT, f"{row.day:%d/%m/%Y}"
        buy, sell = bought * 100, sold * 100
        net = buy - sell
        foreign.append(f"{day},{net},{net * price},0(0.00 %),{buy},{buy * price},{sell},{sell * price},1000000,12.5")
        buy, sell = own_bought * 100, own_sold * 100
        proprietary.append(f"{instrument.symbol},{day},{buy},{sell},{buy * price},{sell * price}")
    return foreign, proprietary


def _index_lines(history: list[list[Row]]) -> list[str]:
    """Give the market's index: the sum of prices, adjusted for splits, 1,000 points on the first day."""
    start = sum(rows[0].adjusted for rows in history)
    lines = []
    for day in zip(*history, strict=True):
        levels = [
            Decimal(sum(getattr(row, name) * row.adjusted // row.close for row in day) * 1000) / start
            for name in ("open", "high", "low", "close")
        ]
        volume = sum(row.volume for row in day)
        said = ",".join(f"{level:.2f}" for level in levels)
        lines.append(f"{day[0].day},{said},{volume},XINDEX,Chỉ số thị trường mô phỏng")
    return lines


def _write(path: Path, header: str, lines: Iterable[str]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    text = "\ufeff" + "\n".join([header, *lines]) + "\n"
    data = text.encode("utf-8")
    data = gzip.compress(data, mtime=0) if path.suffix == ".gz" else data
    draft = path.with_name(f"{path.name.partition('.')[0]}.draft")  # who reads meanwhile finds the file whole
    draft.write_bytes(data)
    draft.replace(path)
    return path
