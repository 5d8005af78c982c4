-- Severity: warn
-- A correction names a trade of its own session.
-- A row: a correction in silver.ticks whose trade is not there; silver.trades sets it aside.
-- Mend: ask the source for the missing trade, load it, run the session again.
SELECT
  corrections.source,
  corrections.instrument_id,
  corrections.session_date,
  corrections.source_seq,
  corrections.corrects_seq
FROM silver.ticks AS corrections
LEFT ANTI JOIN silver.ticks AS trades
  ON trades.corrects_seq IS NULL
  AND trades.source = corrections.source
  AND trades.instrument_id = corrections.instrument_id
  AND trades.session_date = corrections.session_date
  AND trades.source_seq = corrections.corrects_seq
WHERE corrections.corrects_seq IS NOT NULL
