-- Which rules set aside the most rows, and since when?
SELECT table_name, rule, sum(rows) AS rows, min(slice_date) AS first_slice, max(slice_date) AS last_slice
FROM quarantine_by_rule
GROUP BY table_name, rule
ORDER BY rows DESC, table_name, rule
