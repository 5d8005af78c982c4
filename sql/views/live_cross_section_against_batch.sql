-- What: where the live chain's last word on how a bar stands and the nightly batch differ, in sessions that both hold.
-- Grain: one row per instrument per minute that differs; no row means that they agree to the bit.
-- Read by: people who look into late data. A late trade moves the ranks of every instrument, until the session ends.
-- Example: SELECT difference, count(*) FROM live_cross_section_against_batch GROUP BY difference
WITH sessions AS (
  SELECT session_date FROM gold.cross_section_1m_live
  INTERSECT
  SELECT session_date FROM gold.cross_section_1m
),
live AS (
  SELECT rows.* FROM live_cross_section AS rows LEFT SEMI JOIN sessions ON sessions.session_date = rows.session_date
),
batch AS (
  SELECT rows.* FROM gold.cross_section_1m AS rows LEFT SEMI JOIN sessions ON sessions.session_date = rows.session_date
)
SELECT
  coalesce(live.session_date, batch.session_date) AS session_date,
  coalesce(live.instrument_id, batch.instrument_id) AS instrument_id,
  exchange_time(coalesce(live.bar_start, batch.bar_start)) AS bar_time,
  CASE
    WHEN batch.bar_start IS NULL THEN 'only live'
    WHEN live.bar_start IS NULL THEN 'only batch'
    ELSE 'numbers differ'
  END AS difference,
  live.revision,
  live.move_rank_15 AS live_move_rank,
  batch.move_rank_15 AS batch_move_rank
FROM live
FULL OUTER JOIN batch ON live.instrument_id = batch.instrument_id AND live.bar_start = batch.bar_start
WHERE NOT (
  struct(
    live.peers, live.move_15, live.move_rank_15, live.value_rank, live.market_correlation_30, live.market_beta_30
  )
  <=> struct(
    batch.peers, batch.move_15, batch.move_rank_15, batch.value_rank, batch.market_correlation_30, batch.market_beta_30
  )
)
