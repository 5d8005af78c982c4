-- What: where the live chain's last word on a bar's indicators and the nightly batch differ, in sessions that both hold.
-- Grain: one row per instrument per minute that differs; no row means that they agree to the bit.
-- Read by: people who look into late data. After a late trade an instrument differs until its next session is seeded.
-- Example: SELECT difference, count(*) FROM live_indicators_against_batch GROUP BY difference
WITH sessions AS (
  SELECT session_date FROM gold.indicators_1m_live
  INTERSECT
  SELECT session_date FROM gold.indicators_1m
),
live AS (
  SELECT rows.* FROM live_indicators AS rows LEFT SEMI JOIN sessions ON sessions.session_date = rows.session_date
),
batch AS (
  SELECT rows.* FROM gold.indicators_1m AS rows LEFT SEMI JOIN sessions ON sessions.session_date = rows.session_date
)
SELECT
  coalesce(live.session_date, batch.session_date) AS session_date,
  coalesce(live.instrument_id, batch.instrument_id) AS instrument_id,
  exchange_time(coalesce(live.bar_start, batch.bar_start)) AS bar_time,
  CASE
    WHEN batch.bar_start IS NULL THEN 'only live'
    WHEN live.bar_start IS NULL THEN 'only batch'
    WHEN live.opening_hash <> batch.opening_hash THEN 'history differs'
    ELSE 'values differ'
  END AS difference,
  live.revision,
  live.opening_hash AS live_opening_hash,
  batch.opening_hash AS batch_opening_hash
FROM live
FULL OUTER JOIN batch ON live.instrument_id = batch.instrument_id AND live.bar_start = batch.bar_start
WHERE NOT (
  struct(
    live.opening_hash, live.closing_hash, live.sma_20, live.ema_20, live.rsi_14, live.macd_12_26, live.macd_signal_9,
    live.bollinger_upper_20, live.bollinger_lower_20, live.atr_14, live.obv, live.roc_10, live.stochastic_k_14,
    live.mfi_14, live.donchian_upper_20, live.donchian_middle_20, live.volume_ratio_20
  )
  <=> struct(
    batch.opening_hash, batch.closing_hash, batch.sma_20, batch.ema_20, batch.rsi_14, batch.macd_12_26,
    batch.macd_signal_9, batch.bollinger_upper_20, batch.bollinger_lower_20, batch.atr_14, batch.obv, batch.roc_10,
    batch.stochastic_k_14, batch.mfi_14, batch.donchian_upper_20, batch.donchian_middle_20, batch.volume_ratio_20
  )
)
