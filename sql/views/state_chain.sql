-- What: the states that indicators hand from session to session, each beside the one before it.
-- Grain: one row per instrument per session of each fold.
-- Read by: sql/checks/state_chain.sql, people who re-ran an older day.
-- Example: SELECT fold, count_if(NOT is_unbroken) AS broken FROM state_chain GROUP BY fold
WITH states AS (
  SELECT 'indicators_1d' AS fold, instrument_id, session_date, opening_hash, closing_hash, run_id
  FROM gold.indicator_states_1d
  UNION ALL
  SELECT 'indicators_1m', instrument_id, session_date, opening_hash, closing_hash, run_id
  FROM gold.indicator_states_1m
),
chained AS (
  SELECT
    *,
    lag(session_date) OVER before AS previous_session_date,
    -- Nothing comes before the first state: it opens from 0.
    coalesce(lag(closing_hash) OVER before, 0) AS previous_closing_hash
  FROM states
  WINDOW before AS (PARTITION BY fold, instrument_id ORDER BY session_date)
)
SELECT
  chained.fold,
  instruments.symbol,
  chained.session_date,
  chained.opening_hash,
  chained.previous_session_date,
  chained.previous_closing_hash,
  chained.opening_hash = chained.previous_closing_hash AS is_unbroken,
  chained.closing_hash,
  chained.instrument_id,
  chained.run_id
FROM chained
LEFT JOIN instruments ON instruments.instrument_id = chained.instrument_id
