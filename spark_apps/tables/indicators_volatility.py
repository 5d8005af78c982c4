"""Volatility: how wide rows, windows and bands are.

How to read an entry: see indicator_model.read.
"""

from spark_apps.tables.indicator_model import read

VOLATILITY = read(
    "volatility",
    """
true_range: Range of the row, stretched to the close before it.
  = max(high, close[1 ago]) - min(low, close[1 ago])
  price | high low close | 1 | 0 | 1 | 0 | Wilder 1978; TA-Lib TRANGE
atr_14: Average true range of Wilder, 14 bars.
  = wilder(true_range, 14)
  price | high low close | 14 | 1 | 1 | 3 | Wilder 1978; TA-Lib ATR
normalized_atr_14: atr_14 as a share of the close.
  = 100 atr_14 / close
  per cent | high low close | 14 | 1 | 1 | 5 | Forman 2006; TA-Lib NATR
bollinger_upper_20: sma_20 plus two population standard deviations of the last 20 closes.
  = sma_20 + 2 sd
  price | close | 19 | 4 | 19 | 13 | Bollinger 2001; TA-Lib BBANDS
bollinger_lower_20: sma_20 minus two population standard deviations of the last 20 closes.
  = sma_20 - 2 sd
  price | close | 19 | 4 | 19 | 13 | Bollinger 2001; TA-Lib BBANDS
standard_deviation_20: Population standard deviation of the last 20 closes.
  = sqrt(variance_20)
  price | close | 19 | 4 | 19 | 13 | TA-Lib STDDEV
variance_20: Population variance of the last 20 closes; below 1e-14 it is 0.
  = sum(close^2, 20) / 20 - sma_20^2
  price squared | close | 19 | 4 | 19 | 13 | TA-Lib VAR
bollinger_percent_20: Place of the close in the Bollinger band: 0 is the lower edge, 1 the upper.
  = (close - lower) / (upper - lower)
  ratio | close | 19 | 4 | 19 | 16 | Bollinger 2001
bollinger_width_20: Width of the Bollinger band as a share of its middle.
  = (upper - lower) / sma_20
  ratio | close | 19 | 4 | 19 | 16 | Bollinger 2001
z_score_20: Distance of the close from sma_20 in standard deviations.
  = (close - sma_20) / sd
  ratio | close | 19 | 4 | 19 | 16 | statistics
mean_deviation_20: Mean distance of 20 closes from their mean.
  = mean(abs(close - sma_20), 20)
  price | close | 19 | 0 | 19 | 91 | TA-Lib AVGDEV
keltner_upper_20: ema_20 plus two mean true ranges (10 rows).
  = ema_20 + 2 wilder(true_range, 10)
  price | high low close | 19 | 2 | 1 | 9 | Raschke 1995
keltner_lower_20: ema_20 minus two mean true ranges (10 rows).
  = ema_20 - 2 wilder(true_range, 10)
  price | high low close | 19 | 2 | 1 | 9 | Raschke 1995
donchian_upper_20: Highest high of 20 rows.
  = max(high, 20)
  price | high | 19 | 0 | 19 | 40 | Donchian 1960; TA-Lib MAX
donchian_lower_20: Lowest low of 20 rows.
  = min(low, 20)
  price | low | 19 | 0 | 19 | 40 | Donchian 1960; TA-Lib MIN
donchian_middle_20: Middle of the Donchian channel.
  = (max(high, 20) + min(low, 20)) / 2
  price | high low | 19 | 0 | 19 | 40 | Donchian 1960; TA-Lib MIDPRICE
chaikin_volatility_10: Change over 10 rows of the mean range, span 10.
  = 100 (e / e[10 ago] - 1), e = ema(high - low, 10)
  per cent | high low | 19 | 12 | 0 | 7 | Chaikin; Achelis 1995
ulcer_index_14: Root of the mean square of the fall below the highest close of 14, 14 rows.
  = sqrt(mean((100 (close / max(close, 14) - 1))^2, 14))
  per cent | close | 26 | 14 | 13 | 31 | Martin 1987
return_volatility_20: Population standard deviation of 20 simple returns, not annualised.
  = sd(100 (close / close[1 ago] - 1), 20)
  per cent | close | 20 | 20 | 1 | 103 | statistics
chandelier_long_22: Highest high of 22 rows minus three mean true ranges.
  = max(high, 22) - 3 wilder(true_range, 22)
  price | high low close | 22 | 1 | 21 | 48 | LeBeau; Elder 2002
chandelier_short_22: Lowest low of 22 rows plus three mean true ranges.
  = min(low, 22) + 3 wilder(true_range, 22)
  price | high low close | 22 | 1 | 21 | 48 | LeBeau; Elder 2002
acceleration_upper_20: Mean of 20 highs, each stretched by four times its relative range.
  = sma(high (1 + 4 (high - low) / (high + low)), 20)
  price | high low | 19 | 40 | 0 | 48 | Headley 2002; TA-Lib ACCBANDS
acceleration_lower_20: Mean of 20 lows, each stretched by four times its relative range.
  = sma(low (1 - 4 (high - low) / (high + low)), 20)
  price | high low | 19 | 40 | 0 | 48 | Headley 2002; TA-Lib ACCBANDS
relative_volatility_14: Standard deviation of 10 closes on rising rows as a share of all, Wilder's means.
  = 100 up / (up + down)
  per cent | close | 22 | 2 | 9 | 53 | Dorsey 1993
mean_range_14: Mean range of 14 rows.
  = sma(high - low, 14)
  price | high low | 13 | 0 | 13 | 28 | statistics
""",
)
