"""Daily files of the landing folder, text for text.

A file is named after its symbol and is .csv or .csv.gz, UTF-8 with or without a byte-order mark.
"""

from functools import partial
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv
from pyspark.sql import DataFrame

from spark_apps.errors import SchemaMismatch
from spark_apps.kernels.arrow import map_batches
from spark_apps.rules.calendar import exchange_date
from spark_apps.tables import sources
from spark_apps.tables.model import Table

# Of the columns of a landing table, the vendor's stand behind these five; the first of them is the date.
OURS = ("file_name", "row_number", "symbol", "slice_date", "received_date")
DATE_FORMATS = ("%d/%m/%Y", "%Y-%m-%d")


def load_files(paths: DataFrame, table: Table) -> DataFrame:
    """Read the files of one landing table in the workers.

    Grain: one row per line below a header. `paths` has one column, path.
    """
    return map_batches(paths, partial(_read_all, table), table.schema)


def _read_all(table: Table, paths: pa.Table) -> pa.Table:
    return pa.concat_tables(read_rows(Path(path), table) for path in paths["path"].to_pylist())


def read_rows(path: Path, table: Table) -> pa.Table:
    """Read one file as the columns of its landing table: text untouched, slice_date 1970-01-01 where it is no date.

    A daily line says nothing of its receipt, so it was received on the exchange-time day of its file's last change.
    Raises SchemaMismatch naming the file and what is wrong: gzip, UTF-8, a line too long or short, a column
    missing or unknown, a symbol that is not the file's.
    """
    try:
        with pa.input_stream(str(path)) as stream:
            rows = csv.read_csv(stream, csv.ReadOptions(block_size=1 << 24), convert_options=_as_text(path))
    except (OSError, pa.ArrowInvalid) as error:
        raise SchemaMismatch(f"{path}: not a readable CSV file: {error}. Fetch it again or take it away") from error
    rows = rows.rename_columns([name.lower() for name in rows.column_names])
    symbol = path.name.split(".")[0]
    wanted = [name for name in table.column_names if name not in OURS]
    _check_columns(path, table, rows, wanted)
    if "symbol" in rows.column_names and pc.any(pc.not_equal(rows["symbol"], symbol)).as_py():
        raise SchemaMismatch(f"{path}: its column symbol names another symbol than the file; split it by symbol")
    ours = [
        pa.repeat(path.name, rows.num_rows),
        pa.array(range(1, rows.num_rows + 1), pa.int64()),
        pa.repeat(symbol, rows.num_rows),
        pc.max_element_wise(_dates(rows[wanted[0]]), pa.scalar(sources.UNDATED)),  # of a null and a date: the date
        pa.repeat(exchange_date(path.stat().st_mtime_ns), rows.num_rows),
    ]
    return pa.table([*ours, *(rows[name] for name in wanted)], [*OURS, *wanted])


def _as_text(path: Path) -> csv.ConvertOptions:
    """Keep every column as text; pyarrow has to be told the names."""
    with pa.input_stream(str(path)) as stream:
        names = csv.open_csv(stream).schema.names
    return csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False)


def _check_columns(path: Path, table: Table, rows: pa.Table, wanted: list[str]) -> None:
    found = rows.column_names
    missing = [name for name in wanted if name not in found]
    unknown = [name for name in found if name not in wanted and name != "symbol"]
    twice = sorted({name for name in found if found.count(name) > 1})
    for what, names in (("lacks", missing), ("has unknown", unknown), ("repeats", twice)):
        if names:
            raise SchemaMismatch(
                f"{path}: {what} column {', '.join(names)}; {table.full_name} declares {', '.join(wanted)}. "
                f"Mend the file, or declare the vendor's new layout in tables/sources.py"
            )


def _dates(text: pa.ChunkedArray) -> pa.ChunkedArray:
    """Read dates in the two layouts there are; null for anything that is not written exactly so."""
    found = []
    for layout in DATE_FORMATS:
        moment = pc.strptime(text, format=layout, unit="s", error_is_null=True)
        is_exact = pc.fill_null(pc.equal(pc.strftime(moment, format=layout), text), fill_value=False)
        found.append(pc.if_else(is_exact, moment.cast(pa.date32()), pa.scalar(None, pa.date32())))
    return pc.coalesce(*found)
