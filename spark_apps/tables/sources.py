"""What arrives: files of the landing folder as they lie there, and their bronze copies, text for text.

Prices of CafeF files are thousand VND, dates dd/mm/yyyy; see `sources/cafef/parse.py` for every quirk.
"""

from datetime import date

from spark_apps.tables.model import RUN_ID, Column, Table

FILE = Column("file_name", "STRING", "Name of the file that the row was read from.")
ROW_NUMBER = Column("row_number", "BIGINT", "Place of the row in its file, the first row below the header is 1.")
SYMBOL_OF_FILE = Column("symbol", "STRING", "Symbol that the file is named after.")
# Rows whose date cannot be read share one slice of their own, so that every row has a slice whoever loads it.
UNDATED = date(1970, 1, 1)
# Every slice there is. Tables of daily files are made over all of them: the vendor rewrites history on an ex-date.
ALL_DAYS = (UNDATED, date(9999, 12, 31))
SLICE_DATE = Column("slice_date", "DATE", "Slice of the row: its date, or 1970-01-01 where none from 1970 on is read.")
RECEIVED_DATE = Column(
    "received_date", "DATE", "Day on which the line was received: exchange-time date of its file's last change."
)


def _text(*names: str) -> tuple[Column, ...]:
    """Declare columns of a vendor's file, kept as text."""
    return tuple(Column(name.lower(), "STRING", f"Vendor column {name}, untouched.", nullable=True) for name in names)


def _landing(name: str, grain: str, text: tuple[Column, ...], owner: str = "market-data") -> Table:
    columns = (FILE, ROW_NUMBER, SYMBOL_OF_FILE, SLICE_DATE, RECEIVED_DATE, *text)
    return Table("landing", name, grain, columns, ("file_name", "row_number"), owner, "slice_date", upkeep="external")


def _bronze(name: str, landing: Table) -> Table:
    return Table(
        layer="bronze",
        name=name,
        grain=landing.grain,
        columns=(*landing.columns, RUN_ID),
        key=landing.key,
        owner=landing.owner,
        time="slice_date",
        made_from=(landing,),
    )


CAFEF_PRICES = _landing(
    "cafef_prices",
    "one row per line of a CafeF price file (prices/<SYMBOL>.csv.gz)",
    _text(
        "Ngay", "GiaDieuChinh", "GiaDongCua", "ThayDoi", "KhoiLuongKhopLenh", "GiaTriKhopLenh",
        "KLThoaThuan", "GtThoaThuan", "GiaMoCua", "GiaCaoNhat", "GiaThapNhat",
    ),
)  # fmt: skip
CAFEF_FOREIGN_FLOWS = _landing(
    "cafef_foreign_flows",
    "one row per line of a CafeF foreign flow file (foreign/<SYMBOL>.csv.gz)",
    _text("Ngay", "KLGDRong", "GTDGRong", "ThayDoi", "KLMua", "GtMua", "KLBan", "GtBan", "RoomConLai", "DangSoHuu"),
)
CAFEF_PROPRIETARY_FLOWS = _landing(
    "cafef_proprietary_flows",
    "one row per line of a CafeF proprietary flow file (proprietary/<SYMBOL>.csv.gz)",
    _text("Date", "KLcpMua", "KlcpBan", "GtMua", "GtBan"),
)
INDEX_FILES = _landing(
    "index_files",
    "one row per line of an index file (indices/<INDEX>.csv)",
    _text("time", "open", "high", "low", "close", "volume", "name"),
)

DAILY_PRICE_LINES = _bronze("daily_price_lines", CAFEF_PRICES)
FOREIGN_FLOW_LINES = _bronze("foreign_flow_lines", CAFEF_FOREIGN_FLOWS)
PROPRIETARY_FLOW_LINES = _bronze("proprietary_flow_lines", CAFEF_PROPRIETARY_FLOWS)
INDEX_PRICE_LINES = _bronze("index_price_lines", INDEX_FILES)

KAFKA_PLACE = (
    Column("topic", "STRING", "Kafka topic."),
    Column("topic_partition", "INT", "Kafka partition."),
    Column("topic_offset", "BIGINT", "Kafka offset; a restarted feed gets new ones, so no other table uses it as key."),
    Column("broker_time", "BIGINT", "When the broker appended the record, nanoseconds since 1970 UTC."),
)
INGEST_DATE = Column(
    "ingest_date", "DATE", "Exchange-time date of received_at, or of broker_time where that is missing."
)

# Which messages are about the order book; the others are about trades, or cannot be read.
IS_QUOTE = "coalesce(channel = 'quote', false)"

MESSAGES = Table(
    layer="bronze",
    name="messages",
    grain="one row per message of a raw topic, payload untouched",
    columns=(
        *KAFKA_PLACE,
        Column("source", "STRING", "Who sent it: sim, vn30f.", nullable=True),
        Column("channel", "STRING", "Which of the source's channels: trade, correction.", nullable=True),
        Column("source_seq", "BIGINT", "The source's own number within a session.", nullable=True),
        Column("event_time", "BIGINT", "When the market did it, as the envelope says, nanoseconds UTC.", nullable=True),
        Column(
            "received_at", "BIGINT", "When our feed received it, nanoseconds UTC by the feed's clock.", nullable=True
        ),
        Column("encoding", "STRING", "How the payload is written: json, csv.", nullable=True),
        Column("schema_version", "INT", "Version of the channel's registered schema.", nullable=True),
        Column("payload", "BINARY", "What the vendor sent, byte for byte.", nullable=True),
        INGEST_DATE,
        RUN_ID,
    ),
    key=("topic", "topic_partition", "topic_offset"),
    owner="market-data",
    time="ingest_date",
    partition_by=("ingest_date",),
    upkeep="append",
)
FOLD_INPUT = Table(
    layer="bronze",
    name="fold_input",
    grain="one row per record of the fold_input topic",
    columns=(
        *KAFKA_PLACE,
        Column("record", "BINARY", "Binary records of the fold; layout in kernels/layouts.py."),
        INGEST_DATE,
        RUN_ID,
    ),
    key=("topic", "topic_partition", "topic_offset"),
    owner="market-data",
    time="ingest_date",
    partition_by=("ingest_date",),
    upkeep="append",
)

# Where a landing table's files lie below the landing folder.
FOLDERS = {
    CAFEF_PRICES.name: "cafef/prices",
    CAFEF_FOREIGN_FLOWS.name: "cafef/foreign",
    CAFEF_PROPRIETARY_FLOWS.name: "cafef/proprietary",
    INDEX_FILES.name: "indices",
}


def comes_from_files(table: Table) -> bool:
    """Say whether a table is made from daily files, over however many steps."""
    return table.upkeep == "external" or any(comes_from_files(source) for source in table.made_from)


TABLES = (
    CAFEF_PRICES, CAFEF_FOREIGN_FLOWS, CAFEF_PROPRIETARY_FLOWS, INDEX_FILES,
    DAILY_PRICE_LINES, FOREIGN_FLOW_LINES, PROPRIETARY_FLOW_LINES, INDEX_PRICE_LINES,
    MESSAGES, FOLD_INPUT,
)  # fmt: skip
