from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

class BarFold:
    def __init__(
        self,
        width: int,
        lateness: int,
        ahead: int,
        tail_limit: int,
        generation: int,
        partition: int,
        indicators: Sequence[str] = ...,
    ) -> None: ...
    def apply(
        self, offsets: NDArray[np.int64], data: NDArray[np.uint8], bounds: NDArray[np.int64]
    ) -> tuple[NDArray[np.uint8], NDArray[np.int64]]: ...
    def touched(self) -> list[tuple[int, bytes]]: ...
    def restore(self, sections: Iterable[tuple[int, bytes]]) -> None: ...

class IndicatorFold:
    def __init__(self, names: Sequence[str]) -> None: ...
    def apply(
        self,
        instrument_id: NDArray[np.int32],
        open_price: NDArray[np.float64],
        high: NDArray[np.float64],
        low: NDArray[np.float64],
        close: NDArray[np.float64],
        volume: NDArray[np.int64],
    ) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.int64]]: ...
    def state(self, instrument_id: int) -> bytes: ...
    def restore(self, instrument_id: int, state: bytes) -> None: ...

class CrossFold:
    def __init__(self, partitions: int, width: int, lateness: int, move: int, window: int, generation: int) -> None: ...
    def apply(
        self, data: NDArray[np.uint8], bounds: NDArray[np.int64]
    ) -> tuple[NDArray[np.uint8], NDArray[np.int64], NDArray[np.int64]]: ...
    def touched(self) -> list[tuple[int, bytes]]: ...
    def restore(self, sections: Iterable[tuple[int, bytes]]) -> None: ...

def indicator_outputs() -> list[tuple[str, int, int, int]]: ...
def quotes_of(
    instrument_id: NDArray[np.int32],
    event_time: NDArray[np.int64],
    price: NDArray[np.int64],
    quantity: NDArray[np.int64],
    quotes: NDArray[np.uint8],
    width: int,
) -> NDArray[np.uint8]: ...
def signals_of(
    books: Sequence[bytes],
    instrument_id: NDArray[np.int32],
    session_date: NDArray[np.int32],
    bar_start: NDArray[np.int64],
    inputs: NDArray[np.float64],
    width: int,
    reads: int,
) -> NDArray[np.uint8]: ...
def fold_bars(
    instrument_id: NDArray[np.int32],
    event_time: NDArray[np.int64],
    source_seq: NDArray[np.int64],
    price: NDArray[np.int64],
    quantity: NDArray[np.int64],
    width: int,
) -> dict[str, NDArray[np.int32] | NDArray[np.int64]]: ...
def bar_ends(
    instrument_id: NDArray[np.int32], amount: NDArray[np.int64], size: int
) -> tuple[NDArray[np.int64], NDArray[np.uint8]]: ...
def cross_section(
    instrument_id: NDArray[np.int32],
    bar_start: NDArray[np.int64],
    close: NDArray[np.int64],
    value: NDArray[np.int64],
    move: int,
    window: int,
) -> dict[str, NDArray[np.int32] | NDArray[np.float64]]: ...
