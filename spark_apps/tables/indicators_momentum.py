"""Momentum: how fast prices move, and against what range.

How to read an entry: see indicator_model.read.
"""

from spark_apps.tables.indicator_model import read

MOMENTUM = read(
    "momentum",
    """
rsi_14: Relative strength index of Wilder, 14 bars, 0 to 100.
  = 100 gain / (gain + loss), Wilder's means
  per cent | close | 14 | 2 | 1 | 14 | Wilder 1978; TA-Lib RSI
cmo_14: Chande momentum oscillator with Wilder's means, -100 to 100.
  = 100 (gain - loss) / (gain + loss)
  per cent | close | 14 | 2 | 1 | 18 | Chande 1994; TA-Lib CMO
stochastic_k_14: Place of the close in the range of the last 14 bars, 0 to 100.
  = 100 (close - min(low, 14)) / (max(high, 14) - min(low, 14))
  per cent | high low close | 13 | 0 | 13 | 30 | Lane 1984; TA-Lib STOCHF
stochastic_d_3: Mean of 3 values of stochastic_k_14; the slow stochastic's k.
  = sma(stochastic_k_14, 3)
  per cent | high low close | 15 | 6 | 13 | 36 | Lane 1984; TA-Lib STOCH
stochastic_slow_d_3: Mean of 3 values of stochastic_d_3.
  = sma(stochastic_d_3, 3)
  per cent | high low close | 17 | 6 | 13 | 36 | Lane 1984; TA-Lib STOCH
stochastic_rsi_k_14: Place of rsi_14 in its own range of 14 values.
  = 100 (rsi - min(rsi, 14)) / (max(rsi, 14) - min(rsi, 14))
  per cent | close | 27 | 19 | 1 | 47 | Chande and Kroll 1994; TA-Lib STOCHRSI
stochastic_rsi_d_3: Mean of 3 values of stochastic_rsi_k_14.
  = sma(stochastic_rsi_k_14, 3)
  per cent | close | 29 | 19 | 1 | 47 | Chande and Kroll 1994; TA-Lib STOCHRSI
williams_r_14: Distance of the close from the highest high of 14 rows as a share of their range, -100 to 0.
  = -100 (max(high, 14) - close) / (max(high, 14) - min(low, 14))
  per cent | high low close | 13 | 0 | 13 | 30 | Williams 1973; TA-Lib WILLR
cci_20: Commodity channel index: distance of the typical price from its mean in mean deviations of 0.015.
  = (tp - sma(tp, 20)) / (0.015 mean(abs(tp - sma(tp, 20)), 20))
  ratio | high low close | 19 | 0 | 19 | 115 | Lambert 1980; TA-Lib CCI
momentum_10: Change of the close over 10 rows.
  = close - close[10 ago]
  price | close | 10 | 0 | 10 | 4 | TA-Lib MOM
roc_10: Change of the close over 10 bars, per cent.
  = 100 (close / close[10 ago] - 1)
  per cent | close | 10 | 0 | 10 | 4 | TA-Lib ROC
rate_ratio_10: Close over that of 10 rows ago.
  = close / close[10 ago]
  ratio | close | 10 | 0 | 10 | 4 | TA-Lib ROCR
absolute_price_oscillator_12_26: Mean of 12 closes minus mean of 26.
  = sma(close, 12) - sma(close, 26)
  price | close | 25 | 0 | 25 | 39 | TA-Lib APO
percentage_price_oscillator_12_26: EMA 12 minus EMA 26 of closes as a share of the latter.
  = 100 (ema(close, 12) / ema(close, 26) - 1)
  per cent | close | 25 | 3 | 0 | 12 | Appel 1979; TA-Lib PPO
percentage_price_oscillator_signal_9: EMA 9 of percentage_price_oscillator_12_26.
  = ema(percentage_price_oscillator_12_26, 9)
  per cent | close | 33 | 3 | 0 | 12 | Appel 1979
ultimate_oscillator_7_14_28: Buying pressure over 7, 14 and 28 rows, weighted 4, 2, 1.
  = 100 (4 bp 7 / tr 7 + 2 bp 14 / tr 14 + bp 28 / tr 28) / 7
  per cent | high low close | 28 | 0 | 28 | 199 | Williams 1985; TA-Lib ULTOSC
balance_of_power: Way from open to close as a share of the range; 0 where there is no range.
  = (close - open) / (high - low)
  ratio | open high low close | 0 | 0 | 0 | 3 | Livshin 2001; TA-Lib BOP
awesome_oscillator_5_34: Mean of 5 middles minus mean of 34.
  = sma((high + low) / 2, 5) - sma((high + low) / 2, 34)
  price | high low | 33 | 5 | 33 | 85 | Williams 1998
accelerator_5: awesome_oscillator_5_34 minus its mean of 5.
  = ao - sma(ao, 5)
  price | high low | 37 | 5 | 33 | 85 | Williams 1998
true_strength_25_13: Changes of the close, smoothed by spans 25 and 13, as a share of their sizes smoothed alike.
  = 100 ema(ema(change, 25), 13) / ema(ema(abs(change), 25), 13)
  per cent | close | 37 | 5 | 1 | 20 | Blau 1991
true_strength_signal_7: EMA 7 of true_strength_25_13.
  = ema(true_strength_25_13, 7)
  per cent | close | 43 | 5 | 1 | 20 | Blau 1991
coppock_curve_10: Weighted mean over 10 rows of the rates of change over 14 and 11.
  = wma(roc 14 + roc 11, 10)
  per cent | close | 23 | 10 | 14 | 26 | Coppock 1962
relative_vigor_10: Smoothed ways from open to close over smoothed ranges, 10 rows.
  = sum(swma(close - open), 10) / sum(swma(high - low), 10), swma weighted 1 2 2 1
  ratio | open high low close | 12 | 24 | 3 | 45 | Ehlers 2002
relative_vigor_signal_4: Mean of 4 values of relative_vigor_10, weighted 1, 2, 2, 1.
  = swma(relative_vigor_10)
  ratio | open high low close | 15 | 24 | 3 | 45 | Ehlers 2002
bull_power_13: High minus EMA 13 of closes.
  = high - ema(close, 13)
  price | high close | 12 | 1 | 0 | 5 | Elder 1993
bear_power_13: Low minus EMA 13 of closes.
  = low - ema(close, 13)
  price | low close | 12 | 1 | 0 | 5 | Elder 1993
forecast_oscillator_14: Distance of the close from what the line through the 14 closes before it foretold.
  = 100 (close - regression_forecast_14[1 ago]) / close
  per cent | close | 14 | 0 | 14 | 52 | Chande and Kroll 1994
psychological_line_12: Share of rising closes among the last 12.
  = 100 count(close > close[1 ago], 12) / 12
  per cent | close | 12 | 0 | 12 | 12 | Nison 1994
disparity_20: Distance of the close from the mean of 20.
  = 100 (close / sma_20 - 1)
  per cent | close | 19 | 0 | 19 | 23 | Nison 1994
efficiency_ratio_10: Straight way of the close over 10 rows as a share of the way gone, 0 to 1.
  = abs(change 10) / sum(abs(change 1), 10)
  ratio | close | 10 | 0 | 10 | 39 | Kaufman 1995
mean_body_10: Mean way from open to close over 10 rows (Qstick).
  = sma(close - open, 10)
  price | open close | 9 | 0 | 9 | 20 | Chande and Kroll 1994
""",
)
