-- Severity: error
-- One generation of the fold emits each revision of a bar once, whatever was killed and replayed.
-- A row: a revision that occurs more than once. Mend: docs/runbooks/market_daily.md, "a doubled row".
SELECT generation, instrument_id, bar_start, revision, count(*) AS rows
FROM gold.bars_1m_live
GROUP BY generation, instrument_id, bar_start, revision
HAVING count(*) > 1
