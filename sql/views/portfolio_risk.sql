-- What: what each portfolio could lose in a day, by the newest session that has enough history.
-- Grain: one row per portfolio.
-- Read by: people, notebooks/02_what_the_market_did_today.py.
-- Example: SELECT portfolio, value_at_risk_99_vnd, expected_shortfall_975_vnd FROM portfolio_risk
WITH newest AS (
  SELECT portfolio, max(session_date) AS session_date FROM gold.value_at_risk GROUP BY portfolio
)
SELECT
  risk.portfolio,
  risk.session_date,
  risk.scenarios,
  round(100 * risk.value_at_risk_99, 3) AS value_at_risk_99_pct,
  round(100 * risk.expected_shortfall_975, 3) AS expected_shortfall_975_pct,
  risk.value_at_risk_99_vnd,
  risk.expected_shortfall_975_vnd
FROM gold.value_at_risk AS risk
INNER JOIN newest ON newest.portfolio = risk.portfolio AND newest.session_date = risk.session_date
