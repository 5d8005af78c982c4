"""What no library has, or has otherwise, is the formula of its declaration, written once more with pandas."""

import numpy as np
import pandas as pd
import talib

from spark_apps.kernels import Kernels
from spark_apps.kernels.reference_indicators import Reals
from tests.kernels.walks import smooth_walk

WALK = smooth_walk(3, 400)
OPEN, HIGH, LOW, CLOSE, VOLUME = (pd.Series(column, dtype=np.float64) for column in WALK[1:])
CHANGE = CLOSE.diff()
TYPICAL = (HIGH + LOW + CLOSE) / 3
FLOW = (2 * CLOSE - LOW - HIGH) / (HIGH - LOW) * VOLUME


def ema(values: pd.Series, span: int) -> pd.Series:
    """Give TA-Lib's exponential mean of a series, which may begin with NaN."""
    return pd.Series(talib.EMA(values.to_numpy(), span))


def wilder(values: pd.Series, span: int) -> pd.Series:
    """Give Wilder's mean: an exponential one of weight 1/span, seeded by the mean of the first."""
    first = int(values.first_valid_index() or 0) + span - 1
    seeded = values.copy()
    seeded[:first] = np.nan
    seeded[first] = values[first - span + 1 : first + 1].mean()
    return seeded.ewm(alpha=1 / span, adjust=False).mean()


def sums(values: pd.Series, span: int) -> pd.Series:
    """Sum a window, term by term: no running sum."""
    return sum((values.shift(k) for k in range(span)), start=pd.Series(np.zeros(len(values))))


def trend() -> dict[str, pd.Series]:
    """Say trend indicators in pandas."""
    top, bottom = HIGH.rolling(52).max(), LOW.rolling(52).min()
    spans = [(HIGH.rolling(n).max() + LOW.rolling(n).min()) / 2 for n in (9, 26)]
    return {
        "zero_lag_ema_20": ema(2 * CLOSE - CLOSE.shift(9), 20),
        "ichimoku_span_a": (spans[0] + spans[1]) / 2,
        "ichimoku_span_b_52": (top + bottom) / 2,
        "regression_slope_14": CLOSE.rolling(14).apply(lambda y: np.polyfit(np.arange(14), y, 1)[0], raw=True),
    }


def momentum() -> dict[str, pd.Series]:
    """Say momentum indicators in pandas."""
    fast, slow = ema(CLOSE, 12), ema(CLOSE, 26)
    middle = (HIGH + LOW) / 2
    awesome = middle.rolling(5).mean() - middle.rolling(34).mean()
    strength = 100 * ema(ema(CHANGE, 25), 13) / ema(ema(CHANGE.abs(), 25), 13)

    def smooth(x: pd.Series) -> pd.Series:
        return (x + 2 * x.shift(1) + 2 * x.shift(2) + x.shift(3)) / 6

    vigor = sums(smooth(CLOSE - OPEN), 10) / sums(smooth(HIGH - LOW), 10)
    forecast = pd.Series(talib.TSF(CLOSE.to_numpy(), 14)).shift(1)
    return {
        "percentage_price_oscillator_12_26": 100 * (fast / slow - 1),
        "percentage_price_oscillator_signal_9": ema(100 * (fast / slow - 1), 9),
        "accelerator_5": awesome - awesome.rolling(5).mean(),
        "true_strength_signal_7": ema(strength, 7),
        "relative_vigor_10": vigor,
        "relative_vigor_signal_4": smooth(vigor),
        "bull_power_13": HIGH - ema(CLOSE, 13),
        "bear_power_13": LOW - ema(CLOSE, 13),
        "forecast_oscillator_14": 100 * (CLOSE - forecast) / CLOSE,
        "psychological_line_12": 100 * sums((CHANGE > 0).where(CHANGE.notna()).astype(float), 12) / 12,
        "disparity_20": 100 * (CLOSE / CLOSE.rolling(20).mean() - 1),
        "efficiency_ratio_10": CLOSE.diff(10).abs() / sums(CHANGE.abs(), 10),
        "mean_body_10": (CLOSE - OPEN).rolling(10).mean(),
    }


def volatility() -> dict[str, pd.Series]:
    """Say volatility indicators in pandas."""
    mean, width = CLOSE.rolling(20).mean(), CLOSE.rolling(20).std(ddof=0)
    true_range = pd.Series(talib.TRANGE(*(x.to_numpy() for x in (HIGH, LOW, CLOSE))))
    spread, reach = ema(HIGH - LOW, 10), 3 * wilder(true_range, 22)
    falls = 100 * (CLOSE / CLOSE.rolling(14).max() - 1)
    swing = CLOSE.rolling(10).std(ddof=0)
    up = wilder(swing.where(CHANGE > 0, 0).where(swing.notna()), 14)
    down = wilder(swing.where(CHANGE < 0, 0).where(swing.notna()), 14)
    return {
        "bollinger_percent_20": (CLOSE - (mean - 2 * width)) / (4 * width),
        "bollinger_width_20": 4 * width / mean,
        "z_score_20": (CLOSE - mean) / width,
        "keltner_upper_20": ema(CLOSE, 20) + 2 * wilder(true_range, 10),
        "keltner_lower_20": ema(CLOSE, 20) - 2 * wilder(true_range, 10),
        "chaikin_volatility_10": 100 * (spread / spread.shift(10) - 1),
        "ulcer_index_14": (falls**2).rolling(14).mean() ** 0.5,
        "return_volatility_20": (100 * CLOSE.pct_change()).rolling(20).std(ddof=0),
        "chandelier_long_22": HIGH.rolling(22).max() - reach,
        "chandelier_short_22": LOW.rolling(22).min() + reach,
        "relative_volatility_14": 100 * up / (up + down),
        "mean_range_14": (HIGH - LOW).rolling(14).mean(),
    }


def volume() -> dict[str, pd.Series]:
    """Say volume indicators in pandas."""
    fast, slow = ema(VOLUME, 12), ema(VOLUME, 26)
    returns, step = CLOSE.pct_change(), VOLUME.diff()
    klinger = lines()
    return {
        "chaikin_money_flow_20": sums(FLOW, 20) / sums(VOLUME, 20),
        "volume_price_trend": (VOLUME * returns).cumsum(),
        "negative_volume_index": 1000 * (1 + returns.where(step < 0, 0).fillna(0)).cumprod(),
        "positive_volume_index": 1000 * (1 + returns.where(step > 0, 0).fillna(0)).cumprod(),
        "rolling_vwap_20": sums(TYPICAL * VOLUME, 20) / sums(VOLUME, 20),
        "volume_ratio_20": VOLUME / VOLUME.rolling(20).mean(),
        "volume_z_score_20": (VOLUME - VOLUME.rolling(20).mean()) / VOLUME.rolling(20).std(ddof=0),
        "volume_oscillator_12_26": 100 * (fast / slow - 1),
        "volume_oscillator_signal_9": ema(100 * (fast / slow - 1), 9),
        "klinger_signal_13": ema(klinger, 13),
        "volume_zone_oscillator_14": 100
        * ema((np.sign(CHANGE) * VOLUME).where(CHANGE.notna()), 14)
        / ema(VOLUME.where(CHANGE.notna()), 14),
    }


def lines() -> pd.Series:
    """Say Klinger's oscillator, row by row."""
    total, spread = HIGH + LOW + CLOSE, HIGH - LOW
    trend = np.sign(total.diff()).where(total.diff() != 0, -1)
    trend[:2] = 0
    measure, force = 0.0, [np.nan, np.nan]
    for row in range(2, len(total)):
        measure = (measure if trend[row] == trend[row - 1] else spread[row - 1]) + spread[row]
        force.append(VOLUME[row] * abs(2 * (spread[row] / measure - 1)) * trend[row] * 100)
    return ema(pd.Series(force), 34) - ema(pd.Series(force), 55)


def test_values_are_those_of_the_formula(kernels: Kernels) -> None:
    expected: dict[str, Reals] = {
        name: column.to_numpy() for name, column in (trend() | momentum() | volatility() | volume()).items()
    }
    values, _, _ = kernels.IndicatorFold([*expected]).apply(*WALK)
    for place, (name, column) in enumerate(expected.items()):
        np.testing.assert_allclose(values[:, place], column, rtol=1e-7, atol=1e-8, err_msg=name)
