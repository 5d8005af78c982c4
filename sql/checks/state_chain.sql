-- Severity: error
-- Every session's indicators open from the state in which the session before them closed.
-- A row: an instrument's session that does not. Mend: run the fold's job again from that session on.
SELECT fold, symbol, session_date, opening_hash, previous_session_date, previous_closing_hash
FROM state_chain
WHERE NOT is_unbroken
