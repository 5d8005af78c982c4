-- Which instruments moved the most money in the newest session?
SELECT instruments.symbol, instruments.name, bars.open, bars.close, bars.volume, bars.value, bars.trade_count
FROM gold.bars_1d AS bars
LEFT JOIN instruments ON instruments.instrument_id = bars.instrument_id
WHERE bars.session_date = (SELECT max(session_date) FROM gold.bars_1d)
ORDER BY bars.value DESC, instruments.symbol
LIMIT 10
