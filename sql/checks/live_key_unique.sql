-- Severity: error
-- The newest generation of the folds emits each revision once, whatever was killed and replayed.
-- A row: a revision that occurs more than once. Mend: docs/runbooks/market_daily.md, "a doubled row".
-- The tables only grow, so what an older generation doubled stays there; views take the newest one's word.
WITH revisions AS (
  SELECT 'gold.bars_1m_live' AS table_name, generation, instrument_id, bar_start, revision, '' AS strategy
  FROM gold.bars_1m_live
  UNION ALL
  SELECT 'gold.quotes_1m_live', generation, instrument_id, bar_start, revision, ''
  FROM gold.quotes_1m_live
  UNION ALL
  SELECT 'gold.indicators_1m_live', generation, instrument_id, bar_start, revision, ''
  FROM gold.indicators_1m_live
  UNION ALL
  SELECT 'gold.signals_1m_live', generation, instrument_id, bar_start, revision, strategy
  FROM gold.signals_1m_live
  UNION ALL
  SELECT 'gold.cross_section_1m_live', generation, instrument_id, bar_start, revision, ''
  FROM gold.cross_section_1m_live
  UNION ALL
  SELECT 'gold.cross_signals_1m_live', generation, instrument_id, bar_start, revision, strategy
  FROM gold.cross_signals_1m_live
)
SELECT table_name, generation, instrument_id, bar_start, revision, strategy, count(*) AS rows
FROM revisions
WHERE generation = (SELECT max(generation) FROM revisions)
GROUP BY table_name, generation, instrument_id, bar_start, revision, strategy
HAVING count(*) > 1
