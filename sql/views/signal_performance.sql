-- What: what the price did after each live signal that asked for a position: what one could have had, before any cost.
-- Grain: one row per instrument, minute bar and kind of book that moved its target to a position, once another bar came.
-- Read by: people who judge strategies. In at the open of the next bar; out at that of the bar after the signal's end.
-- Example: SELECT strategy, count(*), avg(gain_bps) FROM signal_performance GROUP BY strategy
--
-- A signal ends with the next that moves the target of its instrument and kind of book, or with its horizon. Where no
-- bar followed that, `has_left` is false and the exit is the session's last close so far. Fills are assumed, also of
-- those that wait for a person: no approval, lot, band, fee, tax or T+2 is in here, so it promises nothing.
-- Of two strategies that move a target at one bar the first by name stands here.
WITH moves AS (
  SELECT
    symbol,
    session_date,
    instrument_id,
    bar_start,
    is_over_standings,
    min(strategy) AS strategy,
    min(target) AS target,
    min(expires_at) AS expires_at
  FROM live_signals
  WHERE result = 'decisive'
  GROUP BY symbol, session_date, instrument_id, bar_start, is_over_standings
),
asked AS (
  SELECT
    *,
    least(
      expires_at,
      1 + min(bar_start) OVER (
        PARTITION BY instrument_id, session_date, is_over_standings ORDER BY bar_start
        ROWS BETWEEN 1 FOLLOWING AND 1 FOLLOWING
      )
    ) AS ends_at
  FROM moves
),
priced AS (
  SELECT
    asked.symbol,
    asked.session_date,
    asked.instrument_id,
    asked.bar_start,
    asked.is_over_standings,
    asked.strategy,
    asked.target,
    min_by(bars.open, bars.bar_start) AS entry_price,
    coalesce(
      min_by(bars.open, bars.bar_start) FILTER (WHERE bars.bar_start >= asked.ends_at),
      max_by(bars.close, bars.bar_start)
    ) AS exit_price,
    max(bars.bar_start) >= min(asked.ends_at) AS has_left
  FROM asked
  INNER JOIN live_bars AS bars
    ON
      asked.instrument_id = bars.instrument_id AND asked.session_date = bars.session_date
      AND bars.bar_start > asked.bar_start
  WHERE asked.target <> 0
  GROUP BY ALL
)
SELECT
  *,
  exchange_time(bar_start) AS bar_time,
  round(10000 * target * (exit_price / entry_price - 1), 2) AS gain_bps
FROM priced
