"""The catalogue: every table that exists, each after what it is made from."""

from spark_apps.errors import UnknownTable
from spark_apps.tables import (
    activity,
    daily,
    decisions,
    features,
    indicators,
    live,
    market,
    operations,
    quotes,
    signals,
    sources,
)
from spark_apps.tables.model import Table, in_order, set_aside

_DECLARED = (
    *sources.TABLES,
    *market.TABLES,
    *activity.TABLES,
    *quotes.TABLES,
    *daily.TABLES,
    *live.TABLES,
    *indicators.TABLES,
    *features.TABLES,
    *signals.TABLES,
    *decisions.TABLES,
    *operations.TABLES,
)


def set_aside_tables(table: Table) -> tuple[Table, ...]:
    """Derive the tables that keep what `table` would not take."""
    layers = ["quarantine"] if table.evidence else []
    layers += ["late"] if table.rules_of("late") else []
    layers += ["duplicate"] if table.first_by else []
    return tuple(set_aside(table, layer) for layer in layers)  # type: ignore[arg-type]  # literals above


ALL_TABLES = in_order((*_DECLARED, *(kept for table in _DECLARED for kept in set_aside_tables(table))))


def named(full_name: str) -> Table:
    """Find a table by layer.name; raise UnknownTable with the names there are."""
    for table in ALL_TABLES:
        if table.full_name == full_name:
            return table
    known = ", ".join(table.full_name for table in ALL_TABLES)
    raise UnknownTable(f"there is no table {full_name!r}; take one of: {known}")
