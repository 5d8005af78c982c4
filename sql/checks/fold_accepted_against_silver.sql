-- Severity: error
-- The live fold and silver.ticks hold the same trades, once what the fold called late or refused is left out.
-- A row: an instrument's session where number of trades or volume differ, in sessions that both hold.
-- Mend: compare bronze.messages with bronze.fold_input: the feed publishes each message to both.
-- A number is not spent by a record that was refused, nor taken back by one that came later. So what is left out is
-- the very record that the fold set aside, on the day it came: another one under its number may be the good one.
WITH set_aside AS (
  SELECT instrument_id, session_date, source_seq, event_time, price, quantity, available_at FROM late.ticks_live
  UNION ALL
  SELECT instrument_id, session_date, source_seq, event_time, price, quantity, available_at
  FROM quarantine.ticks_live
  -- The one rule of silver.ticks that asks when a record came: the same record may be good when it comes again.
  WHERE reason <> 'event_is_not_ahead_of_receipt'
),
left_out AS (
  SELECT *, to_date(exchange_time(available_at)) AS judged_on FROM set_aside
),
messages AS (
  SELECT ticks.*
  FROM silver.ticks AS ticks
  LEFT ANTI JOIN left_out
    ON left_out.instrument_id = ticks.instrument_id
    AND left_out.session_date = ticks.session_date
    AND left_out.source_seq = ticks.source_seq
    AND left_out.event_time = ticks.event_time
    AND left_out.price = ticks.price
    AND left_out.quantity = ticks.quantity
    AND left_out.judged_on = to_date(exchange_time(ticks.received_at))
),
trades AS (
  SELECT
    instrument_id,
    session_date,
    max_by(quantity, source_seq) AS quantity
  FROM messages
  GROUP BY instrument_id, session_date, source, coalesce(corrects_seq, source_seq)
  HAVING count_if(corrects_seq IS NULL) > 0
),
expected AS (
  SELECT instrument_id, session_date, count_if(quantity > 0) AS trade_count, sum(quantity) AS volume
  FROM trades
  GROUP BY instrument_id, session_date
),
folded AS (
  SELECT instrument_id, session_date, sum(trade_count) AS trade_count, sum(volume) AS volume
  FROM live_bars
  GROUP BY instrument_id, session_date
),
sessions AS (
  SELECT session_date FROM gold.bars_1m_live
  INTERSECT
  SELECT session_date FROM silver.ticks
)
SELECT
  coalesce(expected.session_date, folded.session_date) AS session_date,
  coalesce(expected.instrument_id, folded.instrument_id) AS instrument_id,
  coalesce(expected.trade_count, 0) AS silver_trades,
  coalesce(folded.trade_count, 0) AS fold_trades,
  coalesce(expected.volume, 0) AS silver_volume,
  coalesce(folded.volume, 0) AS fold_volume
FROM expected
FULL OUTER JOIN folded
  ON folded.instrument_id = expected.instrument_id AND folded.session_date = expected.session_date
LEFT SEMI JOIN sessions ON sessions.session_date = coalesce(expected.session_date, folded.session_date)
WHERE
  coalesce(expected.trade_count, 0) <> coalesce(folded.trade_count, 0)
  OR coalesce(expected.volume, 0) <> coalesce(folded.volume, 0)
