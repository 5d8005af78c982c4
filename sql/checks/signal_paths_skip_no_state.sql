-- Severity: error
-- A signal passes its states in order: proposed, filtered, aggregated, approved, emitted; and what has ended says why.
-- A row: a signal that reached a state without the one before it, or before it. Mend: sql/views/signal_paths.sql.
SELECT session_date, symbol, bar_time, strategy, state, ended_by, proposed_at, filtered_at, approved_at, emitted_at
FROM signal_paths
WHERE
  proposed_at IS NULL
  OR (emitted_at IS NOT NULL AND (approved_at IS NULL OR emitted_at < approved_at))
  OR (approved_at IS NOT NULL AND (aggregated_at IS NULL OR approved_at < aggregated_at))
  OR (aggregated_at IS NOT NULL AND (filtered_at IS NULL OR aggregated_at < filtered_at))
  OR (filtered_at IS NOT NULL AND filtered_at < proposed_at)
  OR (state = 'expired') <> (ended_by IS NOT NULL)
  OR (state = 'aggregated' AND aggregated_at IS NULL)
