-- What: each session in one line: what traded minute by minute, and who rose and fell by the daily files.
-- Grain: one row per session that minute bars or the daily report know.
-- Read by: notebooks/02_what_the_market_did_today.py, people.
-- Example: SELECT * FROM session_summary ORDER BY session_date DESC LIMIT 5
WITH minutes AS (
  SELECT
    session_date,
    count(*) AS traded_instruments,
    sum(trade_count) AS trade_count,
    sum(volume) AS traded_volume,
    sum(value) AS traded_value,
    min(bar_start) AS first_bar,
    max(available_at) AS last_bar_end
  FROM gold.bars_1d
  GROUP BY session_date
)
SELECT
  coalesce(minutes.session_date, report.session_date) AS session_date,
  minutes.traded_instruments,
  minutes.trade_count,
  minutes.traded_volume,
  minutes.traded_value,
  exchange_time(minutes.first_bar) AS first_bar_time,
  exchange_time(minutes.last_bar_end) AS last_bar_end_time,
  report.instruments AS priced_instruments,
  report.advances,
  report.declines,
  report.unchanged,
  best.symbol AS best_symbol,
  worst.symbol AS worst_symbol,
  report.portfolio,
  report.value_at_risk_99_vnd
FROM minutes
FULL OUTER JOIN gold.daily_report AS report ON report.session_date = minutes.session_date
LEFT JOIN instruments AS best ON best.instrument_id = report.best_instrument_id
LEFT JOIN instruments AS worst ON worst.instrument_id = report.worst_instrument_id
