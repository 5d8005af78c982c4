"""What the results of the live chain depend on, beside its input."""

from dataclasses import dataclass, replace
from typing import Literal

from spark_apps.kernels import choose
from spark_apps.kernels.reference import BarFold, CrossFold
from spark_apps.kernels.reference_bar_session import Clock, Instrument
from spark_apps.kernels.reference_bar_state import read
from spark_apps.kernels.reference_cross_state import State
from spark_apps.kernels.reference_indicator_state import IndicatorStage
from spark_apps.kernels.reference_strategies import Books
from spark_apps.kernels.sections import as_signed
from spark_apps.tables.features import MARKET_MINUTES, MOVE_MINUTES
from spark_apps.tables.indicators import CHOSEN


@dataclass(frozen=True)
class FoldParameters:
    """Hold the parameters of both folds: width, lateness and ahead in nanoseconds, tail_limit in records.

    `partitions` of fold_input are what the second fold waits for.
    """

    width: int
    lateness: int
    ahead: int
    tail_limit: int
    generation: int
    partitions: int = 1
    kernels: Literal["required", "preferred", "off"] = "preferred"

    def fold(self, partition: int) -> BarFold:
        """Make an empty fold of one partition of fold_input."""
        make = choose(self.kernels).BarFold
        return make(self.width, self.lateness, self.ahead, self.tail_limit, self.generation, partition, CHOSEN)

    def cross_fold(self) -> CrossFold:
        """Make an empty fold of what all partitions give."""
        make = choose(self.kernels).CrossFold
        return make(self.partitions, self.width, self.lateness, MOVE_MINUTES, MARKET_MINUTES, self.generation)

    def read_cross(self, sections: dict[int, bytes]) -> State:
        """Read the sections of the second fold for people; raise StateMismatch where they are of another fold."""
        return replace(self, kernels="off").cross_fold().read(sections.items())

    def read(self, sections: dict[int, bytes]) -> tuple[Clock, Books, dict[int, Instrument]]:
        """Read the sections of a partition's fold for people; raise StateMismatch where they are of another fold."""
        stage = IndicatorStage(CHOSEN)
        own = (self.width, self.lateness, self.ahead, self.tail_limit, as_signed(stage.parameters))
        return read(sections, own, stage)
