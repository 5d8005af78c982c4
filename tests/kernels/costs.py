"""Count what an indicator costs: arithmetic and comparisons of a warm row of its twin."""

from collections.abc import Iterator

import numpy as np

from spark_apps.kernels.reference_indicator_state import GROUPS, INPUTS
from spark_apps.kernels.reference_parts import HISTORY, Past, Row

COUNTED = ("add", "sub", "mul", "truediv", "radd", "rsub", "rmul", "rtruediv", "neg", "lt", "le", "gt", "ge")


class Tally(float):
    """Count every operation that a number takes part in, roots left out."""

    count = 0


def _counting(name: str) -> None:
    plain = getattr(float, f"__{name}__")

    def counted(self: Tally, *other: float) -> object:
        Tally.count += 1
        result = plain(self, *other)
        return Tally(result) if isinstance(result, float) else result

    setattr(Tally, f"__{name}__", counted)


for _name in COUNTED:
    _counting(_name)


def rows(size: int) -> Iterator[Row]:
    """Give rows of a random walk whose numbers count; no number is equal to another."""
    random = np.random.default_rng(1)
    columns = {name: Past(HISTORY + 1) for name in (*INPUTS, "typical", "true_range")}
    for number in range(size):
        for name, column in columns.items():
            column.push(Tally(100 + random.random() + (name == "high") - (name == "low")))
        yield Row(number, **columns)


def operations() -> dict[str, int]:
    """Give the operations per warm row of every indicator; of those that share a state, of all together."""
    found: dict[str, int] = {}
    for make in GROUPS:
        group = make()
        for row in rows(200):
            Tally.count = 0
            group.push(row)
        found |= dict.fromkeys(make.OUTPUTS, Tally.count)
    return found
