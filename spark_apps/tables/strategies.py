"""When to want an instrument: the strategies there are, over the numbers of a minute bar. Standard library only."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from spark_apps.tables.indicators import CHOSEN
from spark_apps.tables.strategy_model import NO_STRATEGY, Comparison, Strategy, at_least, below

# The numbers of a bar that a strategy may read, in the order in which the kernels hold them.
BAR_NUMBERS = ("open", "high", "low", "close", "volume")
READABLE = (*BAR_NUMBERS, *CHOSEN)


@dataclass(frozen=True)
class Momentum(Strategy):
    """Buy what has risen and holds above its mean; leave below the mean.

    `rise`: least change over ten bars, per cent. Source: time-series momentum, Moskowitz, Ooi and Pedersen (2012).
    """

    name = "momentum"
    inputs = ("close", "ema_20", "roc_10")
    rise: float = 0.5

    def enter(self) -> tuple[Comparison, ...]:
        """Ask for a rise that the price has kept."""
        return at_least("roc_10", self.rise), at_least("close", "ema_20")

    def leave(self) -> tuple[Comparison, ...]:
        """Ask for a close below the mean."""
        return (below("close", "ema_20"),)


@dataclass(frozen=True)
class MeanReversion(Strategy):
    """Buy what was oversold below its lower band; leave at the mean.

    `oversold`: relative strength below which it counts as such, 0 to 100. Source: Wilder (1978); Bollinger (2001).
    """

    name = "mean_reversion"
    inputs = ("close", "rsi_14", "bollinger_lower_20", "sma_20")
    oversold: float = 30.0

    def enter(self) -> tuple[Comparison, ...]:
        """Ask for weakness that two measures agree on."""
        return below("rsi_14", self.oversold), below("close", "bollinger_lower_20")

    def leave(self) -> tuple[Comparison, ...]:
        """Ask for a close at the mean or above."""
        return (at_least("close", "sma_20"),)


@dataclass(frozen=True)
class Breakout(Strategy):
    """Buy a close at the highest price of twenty bars, if it is traded well; leave below the middle of the channel.

    `volume_ratio`: least volume of the bar over its mean of twenty. Source: Donchian's four-week rule.
    """

    name = "breakout"
    inputs = ("close", "donchian_upper_20", "donchian_middle_20", "volume_ratio_20")
    volume_ratio: float = 1.5

    def enter(self) -> tuple[Comparison, ...]:
        """Ask for a close at the top of the channel."""
        return (at_least("close", "donchian_upper_20"),)

    def leave(self) -> tuple[Comparison, ...]:
        """Ask for a close in the lower half of the channel."""
        return (below("close", "donchian_middle_20"),)

    def filter(self) -> tuple[Comparison, ...]:
        """Ask for volume behind it."""
        return (at_least("volume_ratio_20", self.volume_ratio),)


# The place of a strategy is its number in records and rows: append only.
ALL_STRATEGIES: tuple[type[Strategy], ...] = (Momentum, MeanReversion, Breakout)
# Each is made once here, so that one that reads what it does not declare fails as this module is loaded.
for _strategy in ALL_STRATEGIES:
    _strategy()

# Who stands under a number in records; a book itself, where parameters alone moved the target.
NAMES = {number: strategy.name for number, strategy in enumerate(ALL_STRATEGIES)} | {NO_STRATEGY: "book"}
NUMBER_OF = {name: number for number, name in NAMES.items()}


def make(name: str, parameters: Mapping[str, Any]) -> Strategy:
    """Make a strategy by its name; raise ValueError naming a strategy, parameter or column that does not exist."""
    by_name = {each.name: each for each in ALL_STRATEGIES}
    if name not in by_name:
        raise ValueError(f"there is no strategy {name!r}; take one of: {', '.join(by_name)}")
    known = {each.name for each in fields(by_name[name])}
    if unknown := sorted(parameters.keys() - known):
        raise ValueError(f"strategy {name}: no parameter {', '.join(unknown)}; it has {', '.join(sorted(known))}")
    strategy = by_name[name](**parameters)
    for column in strategy.inputs:
        if column not in READABLE:
            raise ValueError(
                f"strategy {name}: input {column!r} is no number of a bar. See CHOSEN in tables/indicators.py"
            )
    return strategy
