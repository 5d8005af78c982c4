-- What: minute bars as the live chain left them: the last revision of each bar.
-- Grain: one row per instrument per minute, bars that corrections emptied left out.
-- Read by: latest_bars, live_against_batch, notebooks/01_life_of_a_tick.py.
-- Example: SELECT * FROM live_bars WHERE symbol = 'VN30F1M' ORDER BY bar_time DESC LIMIT 10
WITH last_words AS (
  SELECT
    instrument_id,
    bar_start,
    max_by(
      struct(session_date, open, high, low, close, volume, value, trade_count, revision, available_at),
      struct(generation, revision)
    ) AS bar
  FROM gold.bars_1m_live
  GROUP BY instrument_id, bar_start
)
SELECT
  instruments.symbol,
  exchange_time(last_words.bar_start) AS bar_time,
  last_words.bar.open,
  last_words.bar.high,
  last_words.bar.low,
  last_words.bar.close,
  last_words.bar.volume,
  last_words.bar.value,
  last_words.bar.trade_count,
  last_words.bar.revision,
  last_words.bar.available_at,
  last_words.bar.session_date,
  last_words.instrument_id,
  last_words.bar_start
FROM last_words
LEFT JOIN instruments ON instruments.instrument_id = last_words.instrument_id
WHERE last_words.bar.trade_count > 0
