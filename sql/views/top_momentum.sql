-- What: the twenty strongest and the twenty weakest of the newest momentum ranking.
-- Grain: one row per instrument among the forty.
-- Read by: the daily report's readers, people.
-- Example: SELECT momentum_rank, symbol, name, momentum_pct FROM top_momentum ORDER BY momentum_rank
SELECT
  ranking.session_date,
  ranking.momentum_rank,
  instruments.symbol,
  instruments.name,
  instruments.exchange,
  round(100 * ranking.momentum, 2) AS momentum_pct,
  ranking.position,
  ranking.ranked_instruments
FROM gold.momentum_1d AS ranking
LEFT JOIN instruments ON instruments.instrument_id = ranking.instrument_id
WHERE
  ranking.session_date = (SELECT max(session_date) FROM gold.momentum_1d)
  AND (ranking.momentum_rank <= 20 OR ranking.momentum_rank > ranking.ranked_instruments - 20)
