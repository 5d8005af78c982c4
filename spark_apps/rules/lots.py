"""Round lots, from lots.csv."""

from datetime import date

from spark_apps.rules.dated import rows_in_force


def round_lot(exchange: str, day: date) -> int:
    """Give the number of shares, or contracts, of which a normal order is a multiple."""
    return int(rows_in_force("lots", day, exchange)[0]["round_lot"])
