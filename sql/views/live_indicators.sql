-- What: the chosen indicators as the live chain left them: the last revision of each minute bar's.
-- Grain: one row per instrument per minute bar, those of bars that corrections emptied left out.
-- Read by: live_indicators_against_batch, people who look into signals.
-- Example: SELECT bar_time, rsi_14 FROM live_indicators WHERE symbol = 'XANB' ORDER BY bar_time DESC LIMIT 10
WITH last_words AS (
  SELECT max_by(struct(*), struct(generation, revision)) AS word
  FROM gold.indicators_1m_live
  GROUP BY instrument_id, bar_start
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
WHERE rows.opening_hash <> rows.closing_hash
