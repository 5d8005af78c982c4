"""What an indicator is, and how the lists of indicators are read. Standard library only."""

from dataclasses import dataclass
from typing import Literal, get_args

from spark_apps.tables.model import Column

Family = Literal["trend", "momentum", "volatility", "volume"]


@dataclass(frozen=True)
class Indicator:
    """State one indicator: what it means and what it costs.

    `warm_up` rows at the head of an instrument have no value. `words`, `past` and `operations` are those of all
    indicators that share its state: doubles carried, earlier rows of inputs kept, operations and comparisons per row.
    """

    name: str
    family: Family
    doc: str
    formula: str
    unit: str
    inputs: tuple[str, ...]
    warm_up: int
    words: int
    past: int
    operations: int
    source: str

    @property
    def column(self) -> Column:
        """Give the column that holds it; null while warming up."""
        return Column(self.name, "DOUBLE", self.doc, nullable=True)


def read(family: Family, text: str) -> tuple[Indicator, ...]:
    """Read indicators of three lines each: name and meaning, formula, then seven fields.

    The fields: unit, inputs, warm-up rows, words of state, rows of past, operations per row, source. Raise ValueError
    for an entry that does not read so.
    """
    lines = [line.strip() for line in text.strip().splitlines()]
    if family not in get_args(Family) or len(lines) % 3:
        raise ValueError(f"indicators of family {family}: {len(lines)} lines; an entry has three")
    return tuple(_entry(family, *lines[start : start + 3]) for start in range(0, len(lines), 3))


def _entry(family: Family, head: str, formula: str, facts: str) -> Indicator:
    name, _, doc = head.partition(": ")
    fields = facts.split(" | ")
    if not doc or not formula.startswith("= ") or len(fields) != 7:
        raise ValueError(f"indicator {name}: its lines are not 'name: meaning', '= formula' and seven fields")
    unit, inputs, *numbers, source = fields
    warm_up, words, past, operations = (int(number) for number in numbers)
    return Indicator(
        name=name,
        family=family,
        doc=doc,
        formula=formula.removeprefix("= "),
        unit=unit,
        inputs=tuple(inputs.split()),
        warm_up=warm_up,
        words=words,
        past=past,
        operations=operations,
        source=source,
    )
