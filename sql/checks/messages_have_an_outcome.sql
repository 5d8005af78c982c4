-- Severity: error
-- Each message of bronze became one row of silver.ticks or silver.quotes, or of their quarantine, late or duplicate.
-- A row: fewer outcomes than messages up to the last day that both were made for, or more than messages at all: a
-- day's slice may hold messages about it that came on the next days.
-- Mend: make silver.ticks and silver.quotes again from the day of the oldest message that came since, then what is made from it.
WITH made AS (
  SELECT min(until) AS until
  FROM (
    SELECT job, max(slice_end) AS until
    FROM ops.runs
    WHERE job IN ('silver.ticks', 'silver.quotes') AND status <> 'failed'
    GROUP BY job
  )
  HAVING count(*) = 2
),
messages AS (
  SELECT count(*) AS number
  FROM bronze.messages
  CROSS JOIN made
  WHERE ingest_date <= made.until
),
outcomes AS (
  SELECT
    (SELECT count(*) FROM silver.ticks)
    + (SELECT count(*) FROM quarantine.ticks)
    + (SELECT count(*) FROM late.ticks)
    + (SELECT count(*) FROM duplicate.ticks)
    + (SELECT count(*) FROM silver.quotes)
    + (SELECT count(*) FROM quarantine.quotes)
    + (SELECT count(*) FROM late.quotes)
    + (SELECT count(*) FROM duplicate.quotes) AS number
)
SELECT messages.number AS messages, outcomes.number AS outcomes
FROM messages
CROSS JOIN outcomes
CROSS JOIN made
WHERE
  made.until IS NOT NULL
  AND (messages.number > outcomes.number OR outcomes.number > (SELECT count(*) FROM bronze.messages))
