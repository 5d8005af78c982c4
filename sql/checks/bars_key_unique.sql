-- Severity: error
-- Each instrument has one bar per start, at every width.
-- A row: a key that occurs more than once. Mend: run the bars' job again for that session.
WITH bars AS (
  SELECT '1s' AS width, instrument_id, bar_start, session_date FROM gold.bars_1s
  UNION ALL
  SELECT '1m', instrument_id, bar_start, session_date FROM gold.bars_1m
  UNION ALL
  SELECT '5m', instrument_id, bar_start, session_date FROM gold.bars_5m
  UNION ALL
  SELECT '1h', instrument_id, bar_start, session_date FROM gold.bars_1h
  UNION ALL
  SELECT '1d', instrument_id, bar_start, session_date FROM gold.bars_1d
)
SELECT width, instrument_id, bar_start, session_date, count(*) AS rows
FROM bars
GROUP BY width, instrument_id, bar_start, session_date
HAVING count(*) > 1
