"""Hold accepted trades, and gather those of one bar."""

from dataclasses import astuple, dataclass

HIGHEST = (1 << 63) - 1
NEVER = -(1 << 63)


@dataclass
class Trade:
    """Remember an accepted trade; quantity 0 once it is cancelled."""

    event_time: int
    source: int
    source_seq: int
    price: int
    quantity: int
    corrected_by: int = NEVER

    def place(self) -> tuple[int, int, int]:
        """Give the place of the trade in its bar."""
        return self.event_time, self.source, self.source_seq

    def counted(self) -> tuple[int, int]:
        """Give price and quantity as they count in a bar: nothing for a cancelled trade."""
        return (self.price, self.quantity) if self.quantity else (0, 0)


@dataclass
class Bar:
    """Gather trades in order; sums of non-negative numbers stay at the highest int64."""

    start: int
    open: int = 0
    high: int = 0
    low: int = 0
    close: int = 0
    volume: int = 0
    value: int = 0
    trade_count: int = 0

    def add(self, price: int, quantity: int) -> None:
        """Take one trade, the latest in order."""
        if self.trade_count == 0:
            self.open = self.high = self.low = price
        self.high, self.low, self.close = max(self.high, price), min(self.low, price), price
        self.volume = min(self.volume + quantity, HIGHEST)
        self.value = min(self.value + price * quantity, HIGHEST)
        self.trade_count += 1

    def fields(self) -> tuple[int, ...]:
        """Give the values in the order of declaration."""
        return astuple(self)
