-- What: what strategies did, as the live chain left it: the last revision of each, what was withdrawn left out.
-- Grain: one row per instrument, minute bar and strategy that entered or left there.
-- Read by: live_signals_against_batch, people who follow signals; `tayho explain` says why a row is what it is.
-- Example: SELECT bar_time, symbol, strategy, stance, result FROM live_signals ORDER BY bar_time DESC LIMIT 10
-- `is_over_standings`: of a strategy that reads how bars stand among all others; their votes are counted by themselves.
WITH told AS (
  SELECT *, false AS is_over_standings FROM gold.signals_1m_live
  UNION ALL
  SELECT *, true AS is_over_standings FROM gold.cross_signals_1m_live
),
last_words AS (
  SELECT max_by(struct(*), struct(generation, revision)) AS word
  FROM told
  GROUP BY instrument_id, bar_start, strategy
),
rows AS (
  SELECT word.* FROM last_words
)
SELECT
  instruments.symbol,
  exchange_time(rows.bar_start) AS bar_time,
  rows.* EXCEPT (generation, input_partition, input_offset, ordinal, emitted_at, run_id)
FROM rows
LEFT JOIN instruments ON instruments.instrument_id = rows.instrument_id
WHERE rows.result <> 'withdrawn'
