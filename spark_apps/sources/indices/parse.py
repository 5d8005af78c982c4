"""Index files: levels in points, dates yyyy-mm-dd."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from spark_apps.sources.fields import Field, available_at, date_problem, parse_error

LEVELS = tuple(Field(name, name, "DECIMAL(18,4)") for name in ("open", "high", "low", "close"))
VOLUME = Field("volume", "volume", "BIGINT")


def parse_index_prices(bronze: DataFrame) -> DataFrame:
    """Read the lines of index files. Grain: one row per line."""
    session_date = F.try_to_date("time", "yyyy-MM-dd")
    fields = (*LEVELS, VOLUME)
    return bronze.select(
        F.col("symbol").alias("index_code"),
        session_date.alias("session_date"),
        *[field.read().alias(field.name) for field in fields],
        available_at(session_date).alias("available_at"),
        "slice_date",
        parse_error(date_problem("time", session_date), *[field.problem() for field in fields]).alias("parse_error"),
        "file_name",
        "row_number",
        "received_date",
    )
