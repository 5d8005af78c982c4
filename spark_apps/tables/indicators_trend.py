"""Trend: where prices are heading, and where a trend would end.

How to read an entry: see indicator_model.read.
"""

from spark_apps.tables.indicator_model import read

TREND = read(
    "trend",
    """
sma_20: Mean of the last 20 closes.
  = sum(close, 20) / 20
  price | close | 19 | 1 | 19 | 3 | TA-Lib SMA
ema_20: Exponential mean of closes, span 20, seeded by the mean of the first 20.
  = e += (close - e) x 2 / 21
  price | close | 19 | 1 | 0 | 3 | TA-Lib EMA
double_ema_20: Exponential mean with half its lag taken out, span 20.
  = 2 e1 - e2, e2 = ema(e1)
  price | close | 38 | 3 | 0 | 15 | Mulloy 1994; TA-Lib DEMA
triple_ema_20: Exponential mean with its lag taken out twice, span 20.
  = 3 e1 - 3 e2 + e3, each the ema of the one before
  price | close | 57 | 3 | 0 | 15 | Mulloy 1994; TA-Lib TEMA
weighted_average_20: Mean of 20 closes, weighted 1 to 20.
  = sum(i x close_i) / 210
  price | close | 19 | 0 | 19 | 39 | TA-Lib WMA
triangular_average_20: Mean of 20 closes, weighted 1 to 10 and back.
  = sum(w_i x close_i) / 110
  price | close | 19 | 0 | 19 | 39 | TA-Lib TRIMA
kaufman_average_10: Adaptive mean: fast where the way of 10 closes was straight, slow where not.
  = k += (close - k) x (efficiency_ratio_10 x (2/3 - 2/31) + 2/31)^2
  price | close | 10 | 1 | 10 | 47 | Kaufman 1995; TA-Lib KAMA
t3_average_5: Six chained exponential means of span 5, combined with volume factor 0.7.
  = c1 e6 + c2 e5 + c3 e4 + c4 e3
  price | close | 24 | 6 | 0 | 25 | Tillson 1998; TA-Lib T3
hull_average_16: Weighted mean over 4 of twice the weighted mean of 8 less that of 16.
  = wma(2 wma(close, 8) - wma(close, 16), 4)
  price | close | 18 | 4 | 15 | 55 | Hull 2005
zero_lag_ema_20: Exponential mean, span 20, of closes pushed ahead by their change over 9 rows.
  = ema(2 close - close[9 ago], 20)
  price | close | 28 | 1 | 9 | 5 | Ehlers and Way 2010
wilder_average_14: Wilder's mean of closes, 14 rows.
  = w += (close - w) / 14, seeded by the mean of the first 14
  price | close | 13 | 1 | 0 | 3 | Wilder 1978
volume_weighted_average_20: Mean of 20 closes, weighted by volume; 0 where nothing was traded.
  = sum(close x volume, 20) / sum(volume, 20)
  price | close volume | 19 | 0 | 19 | 59 | Arms 1989
regression_value_14: Value now of the least squares line through 14 closes.
  = a + 13 b
  price | close | 13 | 0 | 13 | 51 | TA-Lib LINEARREG
regression_slope_14: Slope of the least squares line through 14 closes.
  = b = (14 sum(x y) - sum(x) sum(y)) / (14 sum(x^2) - sum(x)^2)
  price per row | close | 13 | 0 | 13 | 51 | TA-Lib LINEARREG_SLOPE
regression_start_14: Value at the oldest of 14 closes of the least squares line through them.
  = a = (sum(y) - b sum(x)) / 14
  price | close | 13 | 0 | 13 | 51 | TA-Lib LINEARREG_INTERCEPT
regression_forecast_14: Value one row ahead of the least squares line through 14 closes.
  = a + 14 b
  price | close | 13 | 0 | 13 | 51 | TA-Lib TSF
midpoint_14: Middle of the range of 14 closes.
  = (max(close, 14) + min(close, 14)) / 2
  price | close | 13 | 0 | 13 | 56 | TA-Lib MIDPOINT
midprice_14: Middle of the highest high and the lowest low of 14 rows.
  = (max(high, 14) + min(low, 14)) / 2
  price | high low | 13 | 0 | 13 | 56 | TA-Lib MIDPRICE
macd_12_26: EMA 12 minus EMA 26 of closes.
  = ema(close, 12) - ema(close, 26)
  price | close | 25 | 3 | 11 | 11 | Appel 1979; TA-Lib MACD
macd_signal_9: EMA 9 of macd_12_26.
  = ema(macd_12_26, 9)
  price | close | 33 | 3 | 11 | 11 | Appel 1979; TA-Lib MACD
macd_histogram_9: macd_12_26 minus macd_signal_9.
  = macd_12_26 - macd_signal_9
  price | close | 33 | 3 | 11 | 11 | Aspray 1986; TA-Lib MACD
trix_15: Change of the triple exponential mean of closes, span 15.
  = 100 (e3 / e3[1 ago] - 1)
  per cent | close | 43 | 3 | 0 | 12 | Hutson 1983; TA-Lib TRIX
detrended_price_20: Close of 11 rows ago minus the mean of the last 20 closes.
  = close[11 ago] - sma_20
  price | close | 19 | 0 | 19 | 21 | Kirkpatrick and Dahlquist 2010
know_sure_thing: Sum of four smoothed rates of change, weighted 1 to 4.
  = sma(roc 10, 10) + 2 sma(roc 15, 10) + 3 sma(roc 20, 10) + 4 sma(roc 30, 15)
  per cent | close | 44 | 54 | 30 | 72 | Pring 1992
know_sure_thing_signal_9: Mean of 9 values of know_sure_thing.
  = sma(know_sure_thing, 9)
  per cent | close | 52 | 54 | 30 | 72 | Pring 1992
parabolic_sar: Stop and reverse: a stop that nears the extreme of the trend, step 0.02, at most 0.2.
  = s += a x (extreme - s), not inside the last two rows
  price | high low | 1 | 4 | 1 | 8 | Wilder 1978; TA-Lib SAR
plus_directional_14: Upward movement as a share of the true range, Wilder's sums of 14.
  = 100 dm+ / tr
  per cent | high low close | 14 | 3 | 1 | 18 | Wilder 1978; TA-Lib PLUS_DI
minus_directional_14: Downward movement as a share of the true range, Wilder's sums of 14.
  = 100 dm- / tr
  per cent | high low close | 14 | 3 | 1 | 18 | Wilder 1978; TA-Lib MINUS_DI
dx_14: Directional index: how one-sided movement is, 0 to 100.
  = 100 abs(dm+ - dm-) / (dm+ + dm-)
  per cent | high low | 14 | 3 | 1 | 20 | Wilder 1978; TA-Lib DX
adx_14: Average directional index: Wilder's mean of dx_14.
  = wilder(dx_14, 14)
  per cent | high low | 27 | 3 | 1 | 20 | Wilder 1978; TA-Lib ADX
adxr_14: Directional rating: mean of adx_14 now and 13 rows ago.
  = (adx_14 + adx_14[13 ago]) / 2
  per cent | high low | 40 | 17 | 1 | 22 | Wilder 1978; TA-Lib ADXR
aroon_up_14: How recently the highest high of 15 rows was, 100 is now; of equals the newest.
  = 100 (14 - rows since max(high, 15)) / 14
  per cent | high | 14 | 0 | 14 | 56 | Chande 1995; TA-Lib AROON
aroon_down_14: How recently the lowest low of 15 rows was, 100 is now; of equals the newest.
  = 100 (14 - rows since min(low, 15)) / 14
  per cent | low | 14 | 0 | 14 | 56 | Chande 1995; TA-Lib AROON
aroon_oscillator_14: aroon_up_14 minus aroon_down_14.
  = aroon_up_14 - aroon_down_14
  per cent | high low | 14 | 0 | 14 | 56 | Chande 1995; TA-Lib AROONOSC
vortex_plus_14: Way from lows to the next highs as a share of the true range, 14 rows.
  = sum(abs(high - low[1 ago]), 14) / sum(tr, 14)
  ratio | high low close | 14 | 0 | 14 | 111 | Botes and Siepman 2010
vortex_minus_14: Way from highs to the next lows as a share of the true range, 14 rows.
  = sum(abs(low - high[1 ago]), 14) / sum(tr, 14)
  ratio | high low close | 14 | 0 | 14 | 111 | Botes and Siepman 2010
ichimoku_conversion_9: Tenkan-sen: middle of the range of 9 rows.
  = (max(high, 9) + min(low, 9)) / 2
  price | high low | 8 | 0 | 51 | 176 | Hosoda 1969
ichimoku_base_26: Kijun-sen: middle of the range of 26 rows.
  = (max(high, 26) + min(low, 26)) / 2
  price | high low | 25 | 0 | 51 | 176 | Hosoda 1969
ichimoku_span_a: Senkou span A as of this row; charts draw it 26 rows ahead.
  = (ichimoku_conversion_9 + ichimoku_base_26) / 2
  price | high low | 25 | 0 | 51 | 176 | Hosoda 1969
ichimoku_span_b_52: Senkou span B as of this row; charts draw it 26 rows ahead.
  = (max(high, 52) + min(low, 52)) / 2
  price | high low | 51 | 0 | 51 | 176 | Hosoda 1969
supertrend_10_3: Stop three mean true ranges (10 rows) from the middle; never steps back, turns when crossed by a close.
  = (high + low) / 2 -+ 3 wilder(tr, 10), ratcheted
  price | high low close | 10 | 4 | 1 | 13 | Seban 2009
mass_index_25: Sum over 25 rows of the mean range over its own mean, spans 9.
  = sum(ema(high - low, 9) / ema(ema(high - low, 9), 9), 25)
  ratio | high low | 40 | 27 | 0 | 32 | Dorsey 1992
""",
)
