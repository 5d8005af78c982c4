-- What: where the live chain's last word on a bar and the nightly batch differ, in sessions that both hold.
-- Grain: one row per instrument per minute that differs; no row means that they agree.
-- Read by: the daily report, people who look into late data.
-- Example: SELECT difference, count(*) FROM live_against_batch GROUP BY difference
WITH sessions AS (
  SELECT session_date FROM gold.bars_1m_live
  INTERSECT
  SELECT session_date FROM gold.bars_1m
),
live AS (
  SELECT live_bars.* FROM live_bars LEFT SEMI JOIN sessions ON sessions.session_date = live_bars.session_date
),
batch AS (
  SELECT bars.* FROM gold.bars_1m AS bars LEFT SEMI JOIN sessions ON sessions.session_date = bars.session_date
)
SELECT
  coalesce(live.session_date, batch.session_date) AS session_date,
  instruments.symbol,
  exchange_time(coalesce(live.bar_start, batch.bar_start)) AS bar_time,
  CASE
    WHEN batch.bar_start IS NULL THEN 'only live'
    WHEN live.bar_start IS NULL THEN 'only batch'
    ELSE 'values differ'
  END AS difference,
  live.revision,
  live.open AS live_open,
  batch.open AS batch_open,
  live.high AS live_high,
  batch.high AS batch_high,
  live.low AS live_low,
  batch.low AS batch_low,
  live.close AS live_close,
  batch.close AS batch_close,
  live.volume AS live_volume,
  batch.volume AS batch_volume,
  live.value AS live_value,
  batch.value AS batch_value,
  live.trade_count AS live_trade_count,
  batch.trade_count AS batch_trade_count,
  live.available_at AS live_available_at,
  batch.available_at AS batch_available_at
FROM live
FULL OUTER JOIN batch ON live.instrument_id = batch.instrument_id AND live.bar_start = batch.bar_start
LEFT JOIN instruments ON instruments.instrument_id = coalesce(live.instrument_id, batch.instrument_id)
-- A live bar that the session's end closed may say an available_at before its own end; batch never does.
WHERE NOT (
  struct(
    live.open, live.high, live.low, live.close, live.volume, live.value, live.trade_count,
    greatest(live.available_at, live.bar_start + 60000000000)
  )
  <=> struct(
    batch.open, batch.high, batch.low, batch.close, batch.volume, batch.value, batch.trade_count, batch.available_at
  )
)
