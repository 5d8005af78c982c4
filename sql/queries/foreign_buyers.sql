-- What did foreigners buy the most of in the newest session, net of what they sold?
SELECT instruments.symbol, instruments.name, flows.buy_value - flows.sell_value AS net_value, flows.held_pct
FROM silver.foreign_flows AS flows
LEFT JOIN instruments ON instruments.instrument_id = flows.instrument_id
WHERE flows.session_date = (SELECT max(session_date) FROM silver.foreign_flows)
ORDER BY net_value DESC, instruments.symbol
LIMIT 10
