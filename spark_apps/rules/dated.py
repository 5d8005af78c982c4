"""Dated rows: the CSV files of rules/data, each row in force from valid_from to valid_to, both inclusive."""

import csv
from datetime import date
from functools import lru_cache
from importlib.resources import files

from spark_apps.errors import RuleViolated

Row = dict[str, str]


@lru_cache(maxsize=16)
def dated_rows(name: str) -> tuple[Row, ...]:
    """Read rules/data/<name>.csv; an empty valid_to means that the row still holds."""
    text = files("spark_apps.rules").joinpath(f"data/{name}.csv").read_text(encoding="utf-8")
    return tuple(csv.DictReader(text.splitlines()))


def is_in_force(row: Row, day: date) -> bool:
    """Say whether a row holds on a day."""
    return row["valid_from"] <= day.isoformat() <= (row["valid_to"] or "9999-12-31")


@lru_cache(maxsize=65_536)
def rows_in_force(name: str, day: date, exchange: str, kind: str = "") -> tuple[Row, ...]:
    """Give the rows of an exchange, and of one kind of instrument where given, on a day.

    Raises RuleViolated when no row covers the day: a rule that is not known is never guessed.
    """
    found = tuple(
        row
        for row in dated_rows(name)
        if row["exchange"] == exchange and (not kind or row["type"] == kind) and is_in_force(row, day)
    )
    if not found:
        what = f"{exchange or 'an unknown exchange'} {kind}".strip()
        raise RuleViolated(f"rules/data/{name}.csv: no row for {what} on {day}; add a dated row with its source")
    return found
