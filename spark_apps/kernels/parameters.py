"""What the results of the live bar fold depend on, beside its input."""

from dataclasses import dataclass
from typing import Literal

from spark_apps.kernels import choose
from spark_apps.kernels.reference import BarFold


@dataclass(frozen=True)
class FoldParameters:
    """Hold the parameters of a BarFold: width, lateness and ahead in nanoseconds, tail_limit in records."""

    width: int
    lateness: int
    ahead: int
    tail_limit: int
    generation: int
    kernels: Literal["required", "preferred", "off"] = "preferred"

    def fold(self, partition: int) -> BarFold:
        """Make an empty fold of one partition of fold_input."""
        make = choose(self.kernels).BarFold
        return make(self.width, self.lateness, self.ahead, self.tail_limit, self.generation, partition)
