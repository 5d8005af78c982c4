-- What: what ran, when, for how long, on which code, and how its rows add up.
-- Grain: one row per run of a job.
-- Read by: whoever is on call; docs/runbooks/market_daily.md.
-- Example: SELECT * FROM run_history ORDER BY started DESC LIMIT 20
SELECT
  job,
  slice_start,
  slice_end,
  exchange_time(started_at) AS started,
  round((finished_at - started_at) / 1000000000, 1) AS seconds,
  status,
  rows_in,
  rows_out,
  rows_quarantined,
  rows_late,
  rows_duplicate,
  warnings,
  inputs,
  code_commit,
  settings_hash,
  run_id
FROM ops.runs
