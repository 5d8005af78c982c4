-- What: what quotes say of minute bars as the live chain left it: the last revision of each.
-- Grain: one row per instrument per minute bar with a quote known by its end, those that corrections emptied left out.
-- Read by: live_quotes_against_batch, people who look at spreads and at who pays them.
-- Example: SELECT symbol, bar_time, spread_bps, depth_imbalance FROM live_quotes ORDER BY bar_time DESC, symbol LIMIT 10
WITH last_words AS (
  SELECT max_by(struct(*), struct(generation, revision)) AS word
  FROM gold.quotes_1m_live
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
WHERE rows.quote_count >= 0
