-- What: bars of five minutes, an hour and a session from the live minutes, as gold.bars_5m, bars_1h and bars_1d have them.
-- Grain: one row per instrument, width and bar in which a trade happened; the newest may still grow.
-- Read by: people who watch a session, and hold it against the night's bars.
-- Example: SELECT * FROM live_wide_bars WHERE symbol = 'VN30F1M' AND width = '5m' ORDER BY bar_time DESC LIMIT 12
WITH widths AS (
  SELECT * FROM VALUES ('5m', 300000000000), ('1h', 3600000000000), ('1d', CAST(NULL AS BIGINT)) AS (width, nanoseconds)
),
bars AS (
  SELECT
    live_bars.instrument_id,
    live_bars.session_date,
    live_bars.symbol,
    widths.width,
    -- A bar of a session starts with its first minute.
    coalesce(live_bars.bar_start - live_bars.bar_start % widths.nanoseconds, min(live_bars.bar_start) OVER session)
      AS wide_start,
    widths.nanoseconds,
    live_bars.bar_start,
    live_bars.open,
    live_bars.high,
    live_bars.low,
    live_bars.close,
    live_bars.volume,
    live_bars.value,
    live_bars.trade_count,
    live_bars.available_at
  FROM live_bars
  CROSS JOIN widths
  WINDOW session AS (
    PARTITION BY live_bars.instrument_id, live_bars.session_date, widths.width
    ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
  )
)
SELECT
  symbol,
  width,
  exchange_time(wide_start) AS bar_time,
  min_by(open, bar_start) AS open,
  max(high) AS high,
  min(low) AS low,
  max_by(close, bar_start) AS close,
  sum(volume) AS volume,
  CAST(sum(value) AS DECIMAL(28, 4)) AS value,
  sum(trade_count) AS trade_count,
  -- A minute that the session's end closed may say it was known before its own end; batch never does.
  greatest(max(greatest(available_at, bar_start + 60000000000)), max(wide_start + nanoseconds)) AS available_at,
  session_date,
  instrument_id,
  wide_start AS bar_start
FROM bars
GROUP BY ALL
