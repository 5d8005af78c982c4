"""The eight indicators of the bench as one loop in numba: what a quant would write without C++."""

import numpy as np
from numba import njit
from numpy.typing import NDArray


@njit(nogil=True)
def eight_loops(
    high: NDArray[np.float64], low: NDArray[np.float64], close: NDArray[np.float64], volume: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Give 11 columns by row: the columns of EIGHT in bench/kernels.py, warm-up values not blanked."""
    out = np.empty((11, close.size))
    total = squares = ema = fast = slow = signal = gain = loss = reach = plus = minus = adx = obv = 0.0
    for row in range(close.size):
        now = close[row]
        total += now
        squares += now * now
        mean = total / 20.0
        band = 2.0 * np.sqrt(max(squares / 20.0 - mean * mean, 0.0))
        if row >= 19:
            total -= close[row - 19]
            squares -= close[row - 19] * close[row - 19]
        ema += (now - ema) * (2.0 / 21.0)
        fast += (now - fast) * (2.0 / 13.0)
        slow += (now - slow) * (2.0 / 27.0)
        macd = fast - slow
        signal += (macd - signal) * 0.2
        if row > 0:
            before, up, down = close[row - 1], high[row] - high[row - 1], low[row - 1] - low[row]
            change = now - before
            gain += (max(change, 0.0) - gain) / 14.0
            loss += (max(-change, 0.0) - loss) / 14.0
            reach += (max(high[row], before) - min(low[row], before) - reach) / 14.0
            plus += (up if up > down and up > 0.0 else 0.0) - plus / 14.0
            minus += (down if down > up and down > 0.0 else 0.0) - minus / 14.0
            both = plus + minus
            adx += ((100.0 * abs(plus - minus) / both if both != 0.0 else 0.0) - adx) / 14.0
            obv += volume[row] if change > 0.0 else -volume[row] if change < 0.0 else 0.0
        moved = gain + loss
        out[0, row], out[1, row], out[2, row] = mean, ema, 100.0 * gain / moved if moved != 0.0 else 0.0
        out[3, row], out[4, row], out[5, row] = macd, signal, macd - signal
        out[6, row], out[7, row] = mean + band, mean - band
        out[8, row], out[9, row], out[10, row] = reach, adx, obv
    return out
