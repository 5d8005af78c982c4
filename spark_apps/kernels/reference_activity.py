"""Find where bars end that are as wide as what happens in them: the twin of `cpp_udfs/include/kernels/activity.hpp`.

Source: M. López de Prado, Advances in Financial Machine Learning, 2018, 2.3: standard bars (tick, volume, dollar), and
imbalance bars, here of a fixed size in place of one that is expected from bars before.
"""

import numpy as np
from numpy.typing import NDArray

from spark_apps.errors import BadSetting, RuleViolated, SchemaMismatch
from spark_apps.kernels.layouts import AMOUNT_LIMIT, Ints

LARGEST_BAR = 1 << 60


def bar_ends(instrument_id: NDArray[np.int32], amount: Ints, size: int) -> tuple[Ints, NDArray[np.uint8]]:
    """Give the place behind the last row of each bar, and 1 where it is full.

    A bar takes rows of one instrument, in their order, until the amounts add up to `size` or beyond, to either side of
    zero; the row that fills it is its last, and is not shared. An instrument's last bar may stay short of the size.
    Raise BadSetting for a size outside [1, 2^60], RuleViolated naming the first row whose instrument is below the one
    before it, or below 1, or whose amount is above 2^56 to either side.
    """
    if len(instrument_id) != len(amount):
        raise SchemaMismatch("bar_ends: columns must be flat and of equal length")
    if not 1 <= size <= LARGEST_BAR:
        raise BadSetting(f"bar_ends: size is {size}; it must be between 1 and 2^60. Mend [bar_sizes] in conf")
    ends, full, total = list[int](), list[int](), 0
    ids, amounts = instrument_id.tolist(), amount.tolist()
    for row, (key, one) in enumerate(zip(ids, amounts, strict=True)):
        if key < (ids[row - 1] if row else 1) or abs(one) > AMOUNT_LIMIT:
            raise RuleViolated(
                f"bar_ends: row {row} is no trade: instrument {key}, amount {one}. Sort the trades of a session by"
                " instrument first"
            )
        total += one
        is_full, is_last = abs(total) >= size, row + 1 == len(ids) or ids[row + 1] != key
        if is_full or is_last:
            ends.append(row + 1)
            full.append(int(is_full))
            total = 0
    return np.array(ends, np.int64), np.array(full, np.uint8)
