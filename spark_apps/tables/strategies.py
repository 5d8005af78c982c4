"""When to want an instrument: the strategies there are, over a minute bar or how it stands. Standard library only."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from spark_apps.tables.features import CROSS_SECTION_1M, STANDING
from spark_apps.tables.indicators import CHOSEN, INDICATORS_1M
from spark_apps.tables.market import BARS_1M
from spark_apps.tables.quotes import QUOTES_1M
from spark_apps.tables.strategy_model import NO_STRATEGY, Comparison, Reads, Strategy, at_least, below

# The numbers of a bar that a strategy may read, in the order in which the kernels hold them.
BAR_NUMBERS = ("open", "high", "low", "close", "volume")
# What quotes say of the bar; missing where no quote was known by its end.
QUOTE_NUMBERS = (
    "order_flow",
    "bought_volume",
    "sold_volume",
    "spread_bps",
    "effective_spread_bps",
    "depth_imbalance",
)
# How the bar stands among those of all instruments.
STANDING_NUMBERS = tuple(column.name for column in STANDING if column.type == "DOUBLE")
NUMBERS_OF = {
    Reads.BAR: {BARS_1M: BAR_NUMBERS, QUOTES_1M: QUOTE_NUMBERS, INDICATORS_1M: CHOSEN},
    Reads.STANDING: {CROSS_SECTION_1M: STANDING_NUMBERS},
}
READABLE_OF = {reads: tuple(name for names in held.values() for name in names) for reads, held in NUMBERS_OF.items()}
READABLE = READABLE_OF[Reads.BAR]


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


@dataclass(frozen=True)
class BookPressure(Strategy):
    """Buy where the book leans to the bid and more is bought than sold; leave once the book leans the other way.

    `imbalance`: least of bid depth less ask depth over their sum, -1 to 1. `bought_to_sold`: least ratio of the
    volumes. `spread`: most that the book may be apart, basis points. Source: Cartea, Donnelly and Jaimungal (2018).
    """

    name = "book_pressure"
    inputs = ("depth_imbalance", "bought_volume", "sold_volume", "spread_bps")
    imbalance: float = 0.3
    bought_to_sold: float = 1.5
    spread: float = 50.0

    def enter(self) -> tuple[Comparison, ...]:
        """Ask for a lean that trades confirm."""
        leans = at_least("depth_imbalance", self.imbalance)
        return leans, at_least("bought_volume", "sold_volume", factor=self.bought_to_sold)

    def leave(self) -> tuple[Comparison, ...]:
        """Ask for a book that leans to the ask."""
        return (below("depth_imbalance", 0.0),)

    def filter(self) -> tuple[Comparison, ...]:
        """Ask for a spread that the move can pay for."""
        return (below("spread_bps", self.spread),)


@dataclass(frozen=True)
class CrossMomentum(Strategy):
    """Buy what has risen most of all that is well traded; leave once half of the others have risen more.

    `rank`: least share of the others that rose less over 15 minutes, 0 to 1. `traded`: likewise of the value traded.
    Source: relative strength across a market, Jegadeesh and Titman (1993), here by the minute.
    """

    name = "cross_momentum"
    reads = Reads.STANDING
    inputs = ("move_rank_15", "value_rank")
    rank: float = 0.9
    traded: float = 0.5

    def enter(self) -> tuple[Comparison, ...]:
        """Ask for a place among those that rose most."""
        return (at_least("move_rank_15", self.rank),)

    def leave(self) -> tuple[Comparison, ...]:
        """Ask for a place in the lower half."""
        return (below("move_rank_15", 0.5),)

    def filter(self) -> tuple[Comparison, ...]:
        """Ask for enough trade to get in and out."""
        return (at_least("value_rank", self.traded),)


@dataclass(frozen=True)
class MarketPair(Strategy):
    """Buy what goes with the market and has fallen behind it; leave once it has caught up with half of the others.

    `correlation` and `beta`: least of its changes with, and on, the market's over 30 minutes. `rank`: share of the
    others, 0 to 1, below which it is behind. Source: pairs of what moves together, Gatev, Goetzmann and Rouwenhorst
    (2006), with the market as the other half of each pair.
    """

    name = "market_pair"
    reads = Reads.STANDING
    inputs = ("move_rank_15", "market_correlation_30", "market_beta_30")
    correlation: float = 0.5
    beta: float = 0.5
    rank: float = 0.2

    def enter(self) -> tuple[Comparison, ...]:
        """Ask for a follower of the market that lags."""
        follows = at_least("market_correlation_30", self.correlation), at_least("market_beta_30", self.beta)
        return *follows, below("move_rank_15", self.rank)

    def leave(self) -> tuple[Comparison, ...]:
        """Ask for a place in the upper half."""
        return (at_least("move_rank_15", 0.5),)


# The place of a strategy is its number in records and rows: append only.
ALL_STRATEGIES: tuple[type[Strategy], ...] = (
    Momentum,
    MeanReversion,
    Breakout,
    BookPressure,
    CrossMomentum,
    MarketPair,
)
# Each is made once here, so that one that reads what it does not declare fails as this module is loaded.
for _strategy in ALL_STRATEGIES:
    _strategy()

# Who stands under a number in records; a book itself, where parameters alone moved the target.
NAMES = {number: strategy.name for number, strategy in enumerate(ALL_STRATEGIES)}
NAMES |= {NO_STRATEGY - Reads.BAR: "book", NO_STRATEGY - Reads.STANDING: "cross_book"}
NUMBER_OF = {name: number for number, name in NAMES.items()}
READS_OF = {strategy.name: strategy.reads for strategy in ALL_STRATEGIES}
READS_OF |= {NAMES[NO_STRATEGY - reads]: reads for reads in Reads}


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
        if column not in READABLE_OF[strategy.reads]:
            raise ValueError(
                f"strategy {name}: input {column!r} is none that it may read. See READABLE_OF in tables/strategies.py"
            )
    return strategy
