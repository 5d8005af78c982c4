-- In which minutes of the newest session did the market trade the most?
SELECT exchange_time(bar_start) AS bar_time, sum(trade_count) AS trade_count, sum(value) AS value
FROM gold.bars_1m
WHERE session_date = (SELECT max(session_date) FROM gold.bars_1m)
GROUP BY bar_start
ORDER BY value DESC, bar_start
LIMIT 10
