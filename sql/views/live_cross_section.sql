-- What: how minute bars stand among all others as the live chain left it: the last revision of each.
-- Grain: one row per instrument per minute bar, those of bars that corrections emptied left out.
-- Read by: live_cross_section_against_batch, people who look for what moves against the market.
-- Example: SELECT symbol, move_15, move_rank_15 FROM live_cross_section ORDER BY bar_time DESC, move_rank_15 DESC LIMIT 10
WITH last_words AS (
  SELECT max_by(struct(*), struct(generation, revision)) AS word
  FROM gold.cross_section_1m_live
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
WHERE rows.peers >= 0
