"""CafeF's daily files: prices in thousand VND, index levels in points, volumes in shares, values in VND.

Open, high, low and close are as traded, GiaDieuChinh is the close adjusted for corporate actions. Dates are
dd/mm/yyyy. A volume may be written 100.0. An untraded day has volume 0 and repeats the last close.
"""

import json
from decimal import Decimal

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from spark_apps.rules.instruments import all_instruments, instrument_ids
from spark_apps.sources.fields import Field, available_at, date_problem, parse_error

PRICES = (
    Field("giamocua", "open", "DECIMAL(18,4)", may_be_empty=True),
    Field("giacaonhat", "high", "DECIMAL(18,4)", may_be_empty=True),
    Field("giathapnhat", "low", "DECIMAL(18,4)", may_be_empty=True),
    Field("giadongcua", "close", "DECIMAL(18,4)"),
    Field("giadieuchinh", "adjusted_close", "DECIMAL(18,4)", may_be_empty=True),
)
AMOUNTS = (
    Field("khoiluongkhoplenh", "volume", "BIGINT"),
    Field("giatrikhoplenh", "value", "DECIMAL(28,4)", may_be_empty=True),
    Field("klthoathuan", "put_through_volume", "BIGINT", may_be_empty=True),
    Field("gtthoathuan", "put_through_value", "DECIMAL(28,4)", may_be_empty=True),
)
FOREIGN = (
    Field("klmua", "buy_volume", "BIGINT"),
    Field("klban", "sell_volume", "BIGINT"),
    Field("gtmua", "buy_value", "DECIMAL(28,4)"),
    Field("gtban", "sell_value", "DECIMAL(28,4)"),
    Field("roomconlai", "room_left", "BIGINT", may_be_empty=True),
    Field("dangsohuu", "held_pct", "DECIMAL(9,4)", may_be_empty=True),
)
PROPRIETARY = (
    Field("klcpmua", "buy_volume", "BIGINT"),
    Field("klcpban", "sell_volume", "BIGINT"),
    Field("gtmua", "buy_value", "DECIMAL(28,4)"),
    Field("gtban", "sell_value", "DECIMAL(28,4)"),
)
THOUSAND = Decimal(1000)


def parse_daily_prices(bronze: DataFrame) -> DataFrame:
    """Read the lines of price files. Grain: one row per line."""
    indices = [instrument.symbol for instrument in all_instruments() if instrument.kind == "index"]
    factor = F.when(F.col("symbol").isin(indices), F.lit(Decimal(1))).otherwise(F.lit(THOUSAND))
    numbers = [field.read(factor).alias(field.name) for field in PRICES]
    numbers += [field.read().alias(field.name) for field in AMOUNTS]
    problems = [field.problem(factor) for field in PRICES] + [field.problem() for field in AMOUNTS]
    return _rows(bronze, "ngay", numbers, problems)


def parse_foreign_flows(bronze: DataFrame) -> DataFrame:
    """Read the lines of foreign flow files. Grain: one row per line."""
    return _flows(bronze, "ngay", FOREIGN)


def parse_proprietary_flows(bronze: DataFrame) -> DataFrame:
    """Read the lines of proprietary flow files. Grain: one row per line."""
    return _flows(bronze, "date", PROPRIETARY)


def _flows(bronze: DataFrame, day: str, fields: tuple[Field, ...]) -> DataFrame:
    numbers = [field.read().alias(field.name) for field in fields]
    return _rows(bronze, day, numbers, [field.problem() for field in fields])


def _rows(bronze: DataFrame, day: str, numbers: list[Column], problems: list[Column]) -> DataFrame:
    session_date = F.try_to_date(day, "dd/MM/yyyy")
    return _with_instruments(bronze).select(
        "instrument_id",
        session_date.alias("session_date"),
        *numbers,
        available_at(session_date).alias("available_at"),
        "slice_date",
        parse_error(date_problem(day, session_date), *problems).alias("parse_error"),
        "file_name",
        "row_number",
        "received_date",
    )


def _with_instruments(lines: DataFrame) -> DataFrame:
    """Add instrument_id by symbol, null where no instrument bears it.

    A map is searched from end to end, so it is asked once a symbol and the answers are joined.
    """
    ids = F.from_json(F.lit(json.dumps(instrument_ids())), "map<string, int>")
    symbols = lines.select("symbol").distinct().select("symbol", ids[F.col("symbol")].alias("instrument_id"))
    return lines.join(F.broadcast(symbols), on="symbol", how="left")
