-- What: the newest minute bar of every symbol; where batch and live both hold it, the batch's word counts.
-- Grain: one row per instrument that ever had a minute bar.
-- Read by: people, `tayho sql`.
-- Example: SELECT * FROM latest_bars LIMIT 5
WITH bars AS (
  SELECT instrument_id, bar_start, session_date, open, high, low, close, volume, value, trade_count, 'batch' AS made_by
  FROM gold.bars_1m
  UNION ALL
  SELECT instrument_id, bar_start, session_date, open, high, low, close, volume, value, trade_count, 'live' AS made_by
  FROM live_bars
),
newest AS (
  SELECT
    instrument_id,
    max_by(
      struct(bar_start, session_date, open, high, low, close, volume, value, trade_count, made_by),
      struct(bar_start, made_by = 'batch')
    ) AS bar
  FROM bars
  GROUP BY instrument_id
)
SELECT
  instruments.symbol,
  exchange_time(newest.bar.bar_start) AS bar_time,
  newest.bar.open,
  newest.bar.high,
  newest.bar.low,
  newest.bar.close,
  newest.bar.volume,
  newest.bar.value,
  newest.bar.trade_count,
  newest.bar.made_by,
  newest.bar.session_date,
  newest.instrument_id
FROM newest
LEFT JOIN instruments ON instruments.instrument_id = newest.instrument_id
ORDER BY newest.bar.bar_start DESC, instruments.symbol
