-- What: where the live chain's last word on a bar's quotes and the nightly batch differ, in sessions that both hold.
-- Grain: one row per instrument per minute that differs; no row means that they agree to the bit.
-- Read by: people who look into late data: a quote beyond the lateness bound is in the batch alone.
-- Example: SELECT difference, count(*) FROM live_quotes_against_batch GROUP BY difference
WITH sessions AS (
  SELECT session_date FROM gold.quotes_1m_live
  INTERSECT
  SELECT session_date FROM gold.quotes_1m
),
live AS (
  SELECT rows.* FROM live_quotes AS rows LEFT SEMI JOIN sessions ON sessions.session_date = rows.session_date
),
batch AS (
  SELECT rows.* FROM gold.quotes_1m AS rows LEFT SEMI JOIN sessions ON sessions.session_date = rows.session_date
)
SELECT
  coalesce(live.session_date, batch.session_date) AS session_date,
  coalesce(live.instrument_id, batch.instrument_id) AS instrument_id,
  exchange_time(coalesce(live.bar_start, batch.bar_start)) AS bar_time,
  CASE
    WHEN batch.bar_start IS NULL THEN 'only live'
    WHEN live.bar_start IS NULL THEN 'only batch'
    ELSE 'figures differ'
  END AS difference,
  live.revision,
  live.order_flow AS live_order_flow,
  batch.order_flow AS batch_order_flow
FROM live
FULL OUTER JOIN batch ON live.instrument_id = batch.instrument_id AND live.bar_start = batch.bar_start
WHERE NOT (
  struct(
    live.quoted_at, live.bid, live.bid_quantity, live.ask,
    live.ask_quantity, live.bid_depth, live.ask_depth, live.quote_count,
    live.order_flow, live.bought_volume, live.sold_volume, live.spread_bps,
    live.effective_spread_bps, live.depth_imbalance
  )
  <=> struct(
    batch.quoted_at, batch.bid, batch.bid_quantity, batch.ask,
    batch.ask_quantity, batch.bid_depth, batch.ask_depth, batch.quote_count,
    batch.order_flow, batch.bought_volume, batch.sold_volume, batch.spread_bps,
    batch.effective_spread_bps, batch.depth_imbalance
  )
)
