"""Text columns to typed ones, row by row in Spark SQL: what cannot be read is null and named in parse_error."""

from decimal import Decimal
from typing import NamedTuple

from pyspark.sql import Column
from pyspark.sql import functions as F

from spark_apps.rules.calendar import DAY_NS, EXCHANGE_OFFSET_NS

# Daily figures are public when the last exchange has closed.
PUBLIC_AT_NS = 15 * 3_600_000_000_000 - EXCHANGE_OFFSET_NS
ONE = Decimal(1)


class Field(NamedTuple):
    """State how one text column becomes a number: its new name and type, and whether it may be empty."""

    text: str
    name: str
    type: str
    may_be_empty: bool = False

    @property
    def is_empty(self) -> Column:
        """Say whether there is no text."""
        return F.col(self.text).isNull() | (F.trim(self.text) == "")

    def read(self, factor: Column | Decimal = ONE) -> Column:
        """Read the number, times an exact factor; null where it is no number, no whole one, or does not fit."""
        trimmed = F.trim(self.text)
        if self.type == "BIGINT":
            number = trimmed.try_cast("DECIMAL(28,4)")
            return F.when(number == F.floor(number), number.try_cast("BIGINT"))
        # Seven decimals of thousand VND are the four of VND that tables keep.
        inner = "DECIMAL(18,7)" if self.type == "DECIMAL(18,4)" else self.type
        return (trimmed.try_cast(inner) * factor).try_cast(self.type)

    def problem(self, factor: Column | Decimal = ONE) -> Column:
        """Say what is wrong with the text; null when nothing is."""
        is_wrong = ~self.is_empty & self.read(factor).isNull()
        if not self.may_be_empty:
            is_wrong = is_wrong | self.is_empty
        said = F.concat(
            F.lit(f"{self.text}: '"), F.coalesce(F.col(self.text), F.lit("")), F.lit(f"' is no {self.type}")
        )
        return F.when(is_wrong, said)


def parse_error(*problems: Column) -> Column:
    """Join what is wrong with a row; null when nothing is."""
    said = F.concat_ws("; ", *problems)
    return F.when(said != "", said)


def date_problem(name: str, parsed: Column) -> Column:
    """Say that a date could not be read; null when it could."""
    return F.when(
        parsed.isNull(), F.concat(F.lit(f"{name}: '"), F.coalesce(F.col(name), F.lit("")), F.lit("' is no date"))
    )


def available_at(session_date: Column) -> Column:
    """Give 15:00 exchange time of a session as nanoseconds since 1970 UTC."""
    return F.unix_date(session_date).cast("BIGINT") * F.lit(DAY_NS) + F.lit(PUBLIC_AT_NS)
