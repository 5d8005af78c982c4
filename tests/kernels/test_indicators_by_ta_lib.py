"""The indicators that TA-Lib has are its values, on walks with ties and without."""

import numpy as np
import pytest
import talib
from talib._ta_lib import MA_Type

from spark_apps.kernels import Kernels
from spark_apps.kernels.reference_indicators import Reals
from tests.kernels.walks import Walk, smooth_walk, walk

SIZE = 700


def trend(walked: Walk) -> dict[str, Reals]:
    """Compute TA-Lib's trend indicators."""
    _, _, high, low, close, _ = walked
    macd, signal, histogram = talib.MACD(close, 12, 26, 9)
    down, up = talib.AROON(high, low, 14)
    return {
        "sma_20": talib.SMA(close, 20),
        "ema_20": talib.EMA(close, 20),
        "double_ema_20": talib.DEMA(close, 20),
        "triple_ema_20": talib.TEMA(close, 20),
        "weighted_average_20": talib.WMA(close, 20),
        "triangular_average_20": talib.TRIMA(close, 20),
        "kaufman_average_10": talib.KAMA(close, 10),
        "t3_average_5": talib.T3(close, 5, 0.7),
        "regression_value_14": talib.LINEARREG(close, 14),
        "regression_slope_14": talib.LINEARREG_SLOPE(close, 14),
        "regression_start_14": talib.LINEARREG_INTERCEPT(close, 14),
        "regression_forecast_14": talib.TSF(close, 14),
        "midpoint_14": talib.MIDPOINT(close, 14),
        "midprice_14": talib.MIDPRICE(high, low, 14),
        "macd_12_26": macd,
        "macd_signal_9": signal,
        "macd_histogram_9": histogram,
        "trix_15": talib.TRIX(close, 15),
        "parabolic_sar": talib.SAR(high, low, 0.02, 0.2),
        "plus_directional_14": talib.PLUS_DI(high, low, close, 14),
        "minus_directional_14": talib.MINUS_DI(high, low, close, 14),
        "dx_14": talib.DX(high, low, close, 14),
        "adx_14": talib.ADX(high, low, close, 14),
        "adxr_14": talib.ADXR(high, low, close, 14),
        "aroon_up_14": up,
        "aroon_down_14": down,
        "aroon_oscillator_14": talib.AROONOSC(high, low, 14),
    }


def momentum(walked: Walk) -> dict[str, Reals]:
    """Compute TA-Lib's momentum indicators."""
    _, opened, high, low, close, _ = walked
    stochastic, mean = talib.STOCHF(high, low, close, 14, 3, MA_Type.SMA)
    _, slow_mean = talib.STOCH(high, low, close, 14, 3, MA_Type.SMA, 3, MA_Type.SMA)
    of_rsi, mean_of_rsi = talib.STOCHRSI(close, 14, 14, 3, MA_Type.SMA)
    return {
        "rsi_14": talib.RSI(close, 14),
        "cmo_14": talib.CMO(close, 14),
        "stochastic_k_14": stochastic,
        "stochastic_d_3": mean,
        "stochastic_slow_d_3": slow_mean,
        "stochastic_rsi_k_14": of_rsi,
        "stochastic_rsi_d_3": mean_of_rsi,
        "williams_r_14": talib.WILLR(high, low, close, 14),
        "cci_20": talib.CCI(high, low, close, 20),
        "momentum_10": talib.MOM(close, 10),
        "roc_10": talib.ROC(close, 10),
        "rate_ratio_10": talib.ROCR(close, 10),
        "absolute_price_oscillator_12_26": talib.APO(close, 12, 26, MA_Type.SMA),
        "percentage_price_oscillator_12_26": talib.PPO(close, 12, 26, MA_Type.EMA),
        "ultimate_oscillator_7_14_28": talib.ULTOSC(high, low, close, 7, 14, 28),
        "balance_of_power": talib.BOP(opened, high, low, close),
    }


def volatility(walked: Walk) -> dict[str, Reals]:
    """Compute TA-Lib's volatility indicators."""
    _, _, high, low, close, _ = walked
    upper, _, lower = talib.BBANDS(close, 20, 2, 2)
    accelerated, _, slowed = talib.ACCBANDS(high, low, close, 20)
    return {
        "true_range": talib.TRANGE(high, low, close),
        "atr_14": talib.ATR(high, low, close, 14),
        "normalized_atr_14": talib.NATR(high, low, close, 14),
        "bollinger_upper_20": upper,
        "bollinger_lower_20": lower,
        "standard_deviation_20": talib.STDDEV(close, 20),
        "variance_20": talib.VAR(close, 20),
        "mean_deviation_20": talib.AVGDEV(close, 20),
        "donchian_upper_20": talib.MAX(high, 20),
        "donchian_lower_20": talib.MIN(low, 20),
        "donchian_middle_20": talib.MIDPRICE(high, low, 20),
        "acceleration_upper_20": accelerated,
        "acceleration_lower_20": slowed,
    }


def volume(walked: Walk) -> dict[str, Reals]:
    """Compute TA-Lib's volume indicators."""
    _, _, high, low, close, volume = walked
    traded = volume.astype(np.float64)
    return {
        "obv": talib.OBV(close, traded),
        "accumulation_distribution": talib.AD(high, low, close, traded),
        "chaikin_oscillator_3_10": talib.ADOSC(high, low, close, traded, 3, 10),
        "mfi_14": talib.MFI(high, low, close, traded, 14),
        "volume_sma_20": talib.SMA(traded, 20),
    }


WALKS = {"ties": walk(0, SIZE, instruments=1), "more ties": walk(3, SIZE, 1, flat=0.3), "smooth": smooth_walk(1, SIZE)}
# TA-Lib shows these lines only once their signal is there.
WITH_SIGNAL = ("macd_12_26", "stochastic_k_14", "stochastic_rsi_k_14")
# Running sums of squares lose digits, and a momentum near 0 is the difference of large means: absolute, in units.
LOOSE = {"standard_deviation_20": 1e-7, "variance_20": 1e-8, "bollinger_upper_20": 1e-7, "bollinger_lower_20": 1e-7}


@pytest.mark.parametrize("family", [trend, momentum, volatility, volume])
@pytest.mark.parametrize("kind", WALKS)
def test_values_are_those_of_ta_lib(kernels: Kernels, kind: str, family: object) -> None:
    walked = WALKS[kind]
    expected = family(walked)  # type: ignore[operator]  # one of the four above
    values, _, _ = kernels.IndicatorFold([*expected]).apply(*walked)
    for place, (name, column) in enumerate(expected.items()):
        if name in WITH_SIGNAL:
            start = int(np.argmax(~np.isnan(column)))
            column[:start] = values[:start, place]
        np.testing.assert_allclose(values[:, place], column, rtol=1e-9, atol=LOOSE.get(name, 1e-9), err_msg=name)
