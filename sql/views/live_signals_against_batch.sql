-- What: where the live chain's last word on a signal and the nightly batch differ, in sessions that both hold.
-- Grain: one row per instrument, minute bar and strategy that differs; no row means that they agree.
-- Read by: people who look into late data. After a late trade an instrument differs until its next session is seeded.
-- Example: SELECT difference, count(*) FROM live_signals_against_batch GROUP BY difference
-- What strategies over standings say may differ of every instrument until the session of a late trade ends. Sessions
-- that were ranked before there were books of them hold them by night alone.
WITH sessions AS (
  SELECT session_date, false AS is_over_standings FROM gold.bars_1m_live
  INTERSECT
  SELECT session_date, false FROM gold.indicators_1m
  UNION ALL
  (
    SELECT session_date, true FROM gold.cross_section_1m_live
    INTERSECT
    SELECT session_date, true FROM gold.cross_section_1m
  )
),
live AS (
  SELECT rows.*
  FROM live_signals AS rows
  LEFT SEMI JOIN sessions
    ON sessions.session_date = rows.session_date AND sessions.is_over_standings = rows.is_over_standings
),
made AS (
  SELECT *, false AS is_over_standings FROM gold.signals_1m
  UNION ALL
  SELECT *, true AS is_over_standings FROM gold.cross_signals_1m
),
batch AS (
  SELECT rows.*
  FROM made AS rows
  LEFT SEMI JOIN sessions
    ON sessions.session_date = rows.session_date AND sessions.is_over_standings = rows.is_over_standings
)
SELECT
  coalesce(live.session_date, batch.session_date) AS session_date,
  coalesce(live.instrument_id, batch.instrument_id) AS instrument_id,
  exchange_time(coalesce(live.bar_start, batch.bar_start)) AS bar_time,
  coalesce(live.strategy, batch.strategy) AS strategy,
  coalesce(live.is_over_standings, batch.is_over_standings) AS is_over_standings,
  CASE
    WHEN batch.bar_start IS NULL THEN 'only live'
    WHEN live.bar_start IS NULL THEN 'only batch'
    WHEN live.book_hash <> batch.book_hash THEN 'book differs'
    ELSE 'values differ'
  END AS difference,
  live.result AS live_result,
  batch.result AS batch_result
FROM live
FULL OUTER JOIN batch
  ON live.instrument_id = batch.instrument_id AND live.bar_start = batch.bar_start AND live.strategy = batch.strategy
WHERE NOT (
  struct(live.stance, live.score, live.target_before, live.target, live.result, live.book_hash, live.expires_at)
  <=> struct(
    batch.stance, batch.score, batch.target_before, batch.target, batch.result, batch.book_hash, batch.expires_at
  )
)
