-- Severity: error
-- The newest generation of the fold emits each revision of a bar once, whatever was killed and replayed.
-- A row: a revision that occurs more than once. Mend: docs/runbooks/market_daily.md, "a doubled row".
-- The table only grows, so what an older generation doubled stays there; views take the newest one's word.
SELECT generation, instrument_id, bar_start, revision, count(*) AS rows
FROM gold.bars_1m_live
WHERE generation = (SELECT max(generation) FROM gold.bars_1m_live)
GROUP BY generation, instrument_id, bar_start, revision
HAVING count(*) > 1
