-- What: how long live outputs took from clock to clock, milliseconds; latency_ledger says which clocks those are.
-- Grain: one row per live table per session per stage that can be told.
-- Read by: the daily report, people who look for what is slow.
-- Example: SELECT stage, p50_ms, p95_ms, p99_ms, outputs FROM latency_by_stage ORDER BY session_date DESC, place LIMIT 8
-- The broker stamps whole milliseconds, so that a stage may be short or long by one, and a very short one below zero.
WITH stages AS (
  SELECT
    table_name,
    session_date,
    stack(
      8,
      1, 'exchange to feed', received_at - event_time,
      2, 'feed to broker', caused_at - received_at,
      3, 'exchange to broker', caused_at - event_time,
      4, 'broker to fold', folded_at - caused_at,
      5, 'fold to output', emitted_at - folded_at,
      6, 'output to Delta', written_at - emitted_at,
      7, 'broker to output', emitted_at - caused_at,
      8, 'broker to Delta', written_at - caused_at
    ) AS (place, stage, took)
  FROM latency_ledger
),
measured AS (
  SELECT
    table_name,
    session_date,
    place,
    stage,
    percentile(took, array(0.5, 0.95, 0.99)) AS percentiles,
    count(*) AS outputs
  FROM stages
  WHERE took IS NOT NULL
  GROUP BY table_name, session_date, place, stage
)
SELECT
  table_name,
  session_date,
  place,
  stage,
  round(percentiles[0] / 1000000, 1) AS p50_ms,
  round(percentiles[1] / 1000000, 1) AS p95_ms,
  round(percentiles[2] / 1000000, 1) AS p99_ms,
  outputs
FROM measured
