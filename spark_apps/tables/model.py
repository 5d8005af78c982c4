"""The nouns: Column, Rule, Table. Standard library only, so that anything may import it."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from graphlib import CycleError, TopologicalSorter
from typing import Literal, Self

Layer = Literal["landing", "bronze", "silver", "gold", "quarantine", "late", "duplicate", "ops"]
Severity = Literal["error", "warn", "late"]
Upkeep = Literal["append", "replace", "external"]

NAME = re.compile(r"[a-z][a-z0-9_]*")


@dataclass(frozen=True)
class Column:
    """State one word of the vocabulary: name, Spark SQL type and meaning."""

    name: str
    type: str
    doc: str
    nullable: bool = False

    @property
    def ddl(self) -> str:
        """Give the column as Spark SQL text."""
        comment = self.doc.replace("'", "\\'")
        return f"`{self.name}` {self.type}{'' if self.nullable else ' NOT NULL'} COMMENT '{comment}'"

    def optional(self) -> Self:
        """Give the same column where it may be empty."""
        return replace(self, nullable=True)


@dataclass(frozen=True)
class Rule:
    """State one truth: a SQL predicate that holds for every good row. A NULL answer fails.

    `error` sets the row aside in quarantine, `late` in the late table, `warn` marks and keeps it.
    """

    name: str
    expect: str
    severity: Severity = "error"


@dataclass(frozen=True)
class Table:
    """State one thing that exists: grain, columns, key, origin, upkeep and rules.

    `time` is the date column by which the table is sliced. `made_from` names inputs of the same slice,
    `carries` earlier slices (only `made_from` must be free of cycles). `lookback` is how many calendar
    days of earlier input a slice needs, `lookahead` how many days later its input may still arrive. `takes` says
    which rows of its first input it is made from, all where it says nothing.
    `evidence` are columns that the transform hands to rules and routing and that are not stored; of rows
    with one key the first by `first_by` stays. `conserves` pairs a sum over this table with a sum over
    its first input. `unequal` names columns that equality and content hashes leave out.
    """

    layer: Layer
    name: str
    grain: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    owner: str
    time: str = "session_date"
    partition_by: tuple[str, ...] = ()
    made_from: tuple["Table", ...] = ()
    takes: str = "true"
    carries: tuple["Table", ...] = ()
    lookback: int = 0
    lookahead: int = 0
    upkeep: Upkeep = "replace"
    rules: tuple[Rule, ...] = ()
    evidence: tuple[Column, ...] = ()
    first_by: tuple[str, ...] = ()
    conserves: tuple[tuple[str, str], ...] = ()
    unequal: tuple[str, ...] = ("run_id",)

    def __post_init__(self) -> None:
        """Refuse a declaration that contradicts itself."""
        names = self.column_names
        known = {*names, *(column.name for column in self.evidence)}
        for word in (self.name, *known, *(rule.name for rule in self.rules)):
            if not NAME.fullmatch(word):
                raise ValueError(f"{self.full_name}: {word!r} is not a lower-case name")
        if len(set(names)) != len(names):
            raise ValueError(f"{self.full_name}: a column is declared twice")
        if len({rule.name for rule in self.rules}) != len(self.rules):
            raise ValueError(f"{self.full_name}: a rule is declared twice")
        for word in (*self.key, *self.partition_by, self.time):
            if word not in names:
                raise ValueError(f"{self.full_name}: {word!r} is used but not declared")
        for word in self.first_by:
            if word not in known:
                raise ValueError(f"{self.full_name}: first_by names {word!r}, which no column declares")

    @property
    def full_name(self) -> str:
        """Give the name people use: layer.name."""
        return f"{self.layer}.{self.name}"

    @property
    def column_names(self) -> tuple[str, ...]:
        """Give the stored columns in order."""
        return tuple(column.name for column in self.columns)

    @property
    def schema(self) -> str:
        """Give the stored columns as Spark SQL text, accepted by Spark as a schema."""
        return ", ".join(column.ddl for column in self.columns)

    def rules_of(self, *severities: Severity) -> tuple[Rule, ...]:
        """Give the rules of the named severities, in order of declaration."""
        return tuple(rule for rule in self.rules if rule.severity in severities)


RUN_ID = Column("run_id", "STRING", "The run that wrote the row; see ops.runs.")
WARNINGS = Column("warnings", "ARRAY<STRING>", "Names of the warn rules that the row breaks; empty when none.")


def set_aside(table: Table, layer: Layer) -> Table:
    """Derive the table that keeps what `table` would not take: quarantine, late or duplicate rows."""
    return Table(
        layer=layer,
        name=table.name,
        grain=f"one row per {layer} row of {table.full_name}",
        columns=(
            Column("slice_date", "DATE", "The slice of the table that the row was meant for."),
            Column("broken_rules", "ARRAY<STRING>", "Names of the rules that the row breaks."),
            Column("record", "STRING", "The row as it was judged, as JSON."),
            RUN_ID,
        ),
        key=("slice_date", "record"),
        time="slice_date",
        owner=table.owner,
        made_from=table.made_from,
        upkeep=table.upkeep,
    )


def in_order(tables: Iterable[Table]) -> tuple[Table, ...]:
    """Sort tables so that each stands after what it is made from; refuse a cycle."""
    by_name = {table.full_name: table for table in tables}
    graph = {name: [source.full_name for source in table.made_from] for name, table in by_name.items()}
    try:
        return tuple(by_name[name] for name in TopologicalSorter(graph).static_order())
    except CycleError as error:
        raise ValueError(f"made_from closes a circle: {' -> '.join(error.args[1])}") from error
