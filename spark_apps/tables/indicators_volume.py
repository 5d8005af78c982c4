"""Volume: what was traded while prices moved.

How to read an entry: see indicator_model.read.
"""

from spark_apps.tables.indicator_model import read

VOLUME = read(
    "volume",
    """
obv: On-balance volume: running sum of volume signed by the change of the close.
  = o += sign(change) x volume
  shares | close volume | 0 | 1 | 1 | 5 | Granville 1963; TA-Lib OBV
accumulation_distribution: Running sum of volume signed by the place of the close in the range.
  = a += ((close - low) - (high - close)) / (high - low) x volume
  shares | high low close volume | 0 | 1 | 0 | 7 | Chaikin; TA-Lib AD
chaikin_oscillator_3_10: EMA 3 minus EMA 10 of accumulation_distribution, both begun at its first value.
  = ema(ad, 3) - ema(ad, 10)
  shares | high low close volume | 9 | 3 | 0 | 14 | Chaikin; TA-Lib ADOSC
chaikin_money_flow_20: Volume signed by the place of the close as a share of all volume, 20 rows.
  = sum(flow, 20) / sum(volume, 20)
  ratio | high low close volume | 19 | 20 | 19 | 45 | Chaikin; Achelis 1995
mfi_14: Money flow index, 14 bars, 0 to 100.
  = 100 inflow / (inflow + outflow), sums of 14
  per cent | high low close volume | 14 | 2 | 15 | 22 | Quong and Soudack 1989; TA-Lib MFI
force_index_13: EMA 13 of the change of the close times volume.
  = ema(change x volume, 13)
  price x shares | close volume | 13 | 1 | 1 | 5 | Elder 1993
ease_of_movement_14: Mean over 14 rows of the move of the middle per 100 million shares and range.
  = sma(move x (high - low) / (volume / 1e8), 14)
  price squared per 1e8 shares | high low volume | 14 | 14 | 1 | 23 | Arms 1989
volume_price_trend: Running sum of volume times the return.
  = v += volume x (close / close[1 ago] - 1)
  shares | close volume | 1 | 1 | 1 | 4 | Achelis 1995
negative_volume_index: Returns of rows with less volume than the row before, compounded from 1000.
  = n *= 1 + return where volume fell
  index | close volume | 0 | 2 | 1 | 6 | Dysart 1936; Fosback 1976
positive_volume_index: Returns of rows with more volume than the row before, compounded from 1000.
  = p *= 1 + return where volume rose
  index | close volume | 0 | 2 | 1 | 6 | Dysart 1936; Fosback 1976
rolling_vwap_20: Mean typical price of 20 rows, weighted by volume; 0 where nothing was traded.
  = sum(tp x volume, 20) / sum(volume, 20)
  price | high low close volume | 19 | 0 | 19 | 59 | Berkowitz, Logue and Noser 1988
volume_sma_20: Mean volume of 20 rows.
  = sma(volume, 20)
  shares | volume | 19 | 0 | 19 | 123 | statistics
volume_ratio_20: Volume over its mean of 20 rows.
  = volume / volume_sma_20
  ratio | volume | 19 | 0 | 19 | 123 | statistics
volume_z_score_20: Distance of volume from its mean of 20 rows in population standard deviations.
  = (volume - volume_sma_20) / sd(volume, 20)
  ratio | volume | 19 | 0 | 19 | 123 | statistics
volume_oscillator_12_26: EMA 12 minus EMA 26 of volume as a share of the latter.
  = 100 (ema(volume, 12) / ema(volume, 26) - 1)
  per cent | volume | 25 | 3 | 0 | 12 | Achelis 1995
volume_oscillator_signal_9: EMA 9 of volume_oscillator_12_26.
  = ema(volume_oscillator_12_26, 9)
  per cent | volume | 33 | 3 | 0 | 12 | Achelis 1995
klinger_oscillator_34_55: EMA 34 minus EMA 55 of volume signed by the trend, weighted by the range since it turned.
  = ema(vf, 34) - ema(vf, 55), vf = volume x abs(2 (dm / cm - 1)) x trend x 100
  shares | high low close volume | 56 | 5 | 1 | 26 | Klinger 1997
klinger_signal_13: EMA 13 of klinger_oscillator_34_55.
  = ema(klinger_oscillator_34_55, 13)
  shares | high low close volume | 68 | 5 | 1 | 26 | Klinger 1997
volume_zone_oscillator_14: Volume signed by the change of the close, smoothed, as a share of volume, smoothed.
  = 100 ema(sign(change) x volume, 14) / ema(volume, 14)
  per cent | close volume | 14 | 2 | 1 | 12 | Khalil and Steckler 2009
""",
)
