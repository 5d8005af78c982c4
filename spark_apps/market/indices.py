"""Indices among the daily prices: CafeF keeps VNINDEX in a price file like a share's."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from spark_apps.rules.instruments import all_instruments


def index_ids() -> list[int]:
    """List the instruments that are indices: nobody trades one, and its volume is that of its members once more."""
    return [instrument.instrument_id for instrument in all_instruments() if instrument.kind == "index"]


def drop_indices(prices: DataFrame) -> DataFrame:
    """Leave out the rows of indices.

    Grain: as prices. Silver keeps indices; whatever counts, ranks or weighs instruments begins here.
    """
    return prices.where(~F.col("instrument_id").isin(index_ids()))
