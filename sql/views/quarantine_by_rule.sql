-- What: how many rows each rule set aside, in every table that has a quarantine.
-- Grain: one row per table per slice per broken rule; a row that breaks two rules counts under both.
-- Read by: people who look after a source, notebooks/02_what_the_market_did_today.py.
-- Example: SELECT table_name, rule, sum(rows) FROM quarantine_by_rule GROUP BY table_name, rule
WITH aside AS (
  SELECT 'silver.ticks' AS table_name, slice_date, broken_rules FROM quarantine.ticks
  UNION ALL
  SELECT 'silver.quotes', slice_date, broken_rules FROM quarantine.quotes
  UNION ALL
  SELECT 'silver.trades', slice_date, broken_rules FROM quarantine.trades
  UNION ALL
  SELECT 'silver.daily_prices', slice_date, broken_rules FROM quarantine.daily_prices
  UNION ALL
  SELECT 'silver.foreign_flows', slice_date, broken_rules FROM quarantine.foreign_flows
  UNION ALL
  SELECT 'silver.proprietary_flows', slice_date, broken_rules FROM quarantine.proprietary_flows
  UNION ALL
  SELECT 'silver.index_prices', slice_date, broken_rules FROM quarantine.index_prices
  UNION ALL
  SELECT 'gold.bars_1m_live', session_date, array(reason) FROM quarantine.ticks_live
  UNION ALL
  SELECT 'gold.quotes_1m_live', session_date, array(reason) FROM quarantine.quotes_live
),
broken AS (
  SELECT table_name, slice_date, explode(broken_rules) AS rule FROM aside
)
SELECT table_name, slice_date, rule, count(*) AS rows
FROM broken
GROUP BY table_name, slice_date, rule
