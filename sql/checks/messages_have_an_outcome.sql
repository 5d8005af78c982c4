-- Severity: error
-- Each message of bronze became one row of silver.ticks, or of quarantine, late or duplicate.
-- A row: fewer outcomes than messages up to the last day that silver.ticks was made for, or more than messages at all: a
-- day's slice may hold messages about it that came on the next days.
-- Mend: make silver.ticks again from the day of the oldest message that came since, then what is made from it.
WITH made AS (
  SELECT max(slice_end) AS until FROM ops.runs WHERE job = 'silver.ticks' AND status <> 'failed'
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
    + (SELECT count(*) FROM duplicate.ticks) AS number
)
SELECT messages.number AS messages, outcomes.number AS outcomes
FROM messages
CROSS JOIN outcomes
CROSS JOIN made
WHERE
  made.until IS NOT NULL
  AND (messages.number > outcomes.number OR outcomes.number > (SELECT count(*) FROM bronze.messages))
