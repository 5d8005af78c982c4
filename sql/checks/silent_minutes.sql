-- Severity: warn
-- While the market is open something trades in every five minutes, on each day that the live application took part in.
-- A row: a longer silence of all instruments together, but for the noon break and the closing auction.
-- Mend: look for a feed that fell out; load the missing messages; run the session again.
WITH minutes AS (
  SELECT DISTINCT session_date, bar_start FROM gold.bars_1m
  LEFT SEMI JOIN gold.bars_1m_live USING (session_date)
),
steps AS (
  SELECT
    session_date,
    exchange_time(bar_start) AS silent_after,
    exchange_time(lead(bar_start) OVER in_time) AS heard_again
  FROM minutes
  WINDOW in_time AS (PARTITION BY session_date ORDER BY bar_start)
)
SELECT session_date, silent_after, heard_again
FROM steps
WHERE
  heard_again > silent_after + INTERVAL 5 MINUTES
  AND NOT (date_format(silent_after, 'HH:mm') >= '11:24' AND date_format(heard_again, 'HH:mm') <= '13:06')
  AND NOT (date_format(silent_after, 'HH:mm') >= '14:24' AND date_format(heard_again, 'HH:mm') >= '14:45')
