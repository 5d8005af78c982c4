-- What: when each live output passed each clock on its way from the market into its table, nanoseconds UTC.
-- Grain: one row per row of a live table.
-- Read by: latency_by_stage, people who look for what was slow.
-- Example: SELECT * FROM latency_ledger WHERE session_date = DATE'2026-11-20' ORDER BY written_at - caused_at DESC LIMIT 5
--
-- event_time   the exchange's clock: when the causing trade was matched, or the market second of the causing clock record
-- received_at  the feed's clock: when the causing trade, correction or quote reached it; a clock record is the feed's own
-- caused_at    the broker's clock, whole milliseconds: append of the cause to fold_input
-- folded_at    the clock of the worker that folds: the micro-batch that holds the cause is folded, its outputs leave
-- emitted_at   the broker's clock, whole milliseconds: append of the output
-- written_at   the application's clock: the row is handed to its commit, which takes its own time from there
--
-- The first two are shown only where the feed was paced in real time: where all outputs of a session and generation
-- left within an hour of the market second in which they became available. A replay's market time is another day's.
-- They are read from bronze, from records that hold one trade or quote, as a paced feed sends them. A session that is played
-- faster and is shorter than an hour is taken for real time where it also begins at that hour of that day.
WITH outputs AS (
  SELECT
    'gold.bars_1m_live' AS table_name,
    generation,
    input_partition,
    input_offset,
    ordinal,
    session_date,
    instrument_id,
    available_at,
    caused_at,
    folded_at,
    emitted_at,
    written_at,
    run_id
  FROM gold.bars_1m_live
  UNION ALL
  SELECT
    'gold.indicators_1m_live',
    generation,
    input_partition,
    input_offset,
    ordinal,
    session_date,
    instrument_id,
    available_at,
    caused_at,
    folded_at,
    emitted_at,
    written_at,
    run_id
  FROM gold.indicators_1m_live
  UNION ALL
  SELECT
    'gold.quotes_1m_live',
    generation,
    input_partition,
    input_offset,
    ordinal,
    session_date,
    instrument_id,
    available_at,
    caused_at,
    folded_at,
    emitted_at,
    written_at,
    run_id
  FROM gold.quotes_1m_live
  UNION ALL
  SELECT
    'gold.signals_1m_live',
    generation,
    input_partition,
    input_offset,
    ordinal,
    session_date,
    instrument_id,
    available_at,
    caused_at,
    folded_at,
    emitted_at,
    written_at,
    run_id
  FROM gold.signals_1m_live
  UNION ALL
  SELECT
    'gold.cross_section_1m_live',
    generation,
    input_partition,
    input_offset,
    ordinal,
    session_date,
    instrument_id,
    available_at,
    caused_at,
    folded_at,
    emitted_at,
    written_at,
    run_id
  FROM gold.cross_section_1m_live
  UNION ALL
  SELECT
    'gold.cross_signals_1m_live',
    generation,
    input_partition,
    input_offset,
    ordinal,
    session_date,
    instrument_id,
    available_at,
    caused_at,
    folded_at,
    emitted_at,
    written_at,
    run_id
  FROM gold.cross_signals_1m_live
),
paced AS (
  SELECT
    *,
    coalesce(
      max(abs(emitted_at - available_at)) OVER (
        PARTITION BY table_name, session_date, generation ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
      ) < 3600000000000,
      false
    ) AS is_real_time
  FROM outputs
),
-- Places in a record: kernels/layouts.py. Market days are asked for by session_date, so that one day of bronze is read.
caused AS (
  SELECT
    paced.*,
    CASE
      -- A standing, and what is said of it, is caused by the clocks of all partitions, and appended with the last of them.
      WHEN paced.table_name LIKE 'gold.cross_%' THEN if(paced.is_real_time, paced.available_at, NULL)
      WHEN hex(substring(records.record, 1, 1)) = '02' THEN little_endian(substring(records.record, 9, 8))
      WHEN hex(substring(records.record, 1, 1)) = '06' THEN little_endian(substring(records.record, 33, 8))
      ELSE little_endian(substring(records.record, 41, 8))
    END AS event_time,
    CASE
      WHEN hex(substring(records.record, 1, 1)) IN ('01', '03', '06') THEN little_endian(substring(records.record, 25, 8))
    END AS source_seq,
    hex(substring(records.record, 1, 1)) = '06' AS is_quote
  FROM paced
  LEFT JOIN bronze.fold_input AS records
    ON
      paced.is_real_time
      AND records.ingest_date = paced.session_date
      AND records.topic_partition = paced.input_partition
      AND records.topic_offset = paced.input_offset
      AND records.broker_time = paced.caused_at
      AND length(records.record) <= 88
),
received AS (
  SELECT
    ingest_date,
    source_seq,
    event_time,
    coalesce(channel = 'quote', false) AS is_quote,
    min(received_at) AS received_at
  FROM bronze.messages
  GROUP BY ingest_date, source_seq, event_time, coalesce(channel = 'quote', false)
)
SELECT
  caused.table_name,
  caused.session_date,
  instruments.symbol,
  caused.is_real_time,
  caused.event_time,
  received.received_at,
  caused.caused_at,
  caused.folded_at,
  caused.emitted_at,
  caused.written_at,
  caused.instrument_id,
  caused.generation,
  caused.input_partition,
  caused.input_offset,
  caused.ordinal,
  caused.run_id
FROM caused
LEFT JOIN received
  ON
    received.ingest_date = caused.session_date
    AND received.source_seq = caused.source_seq
    AND received.event_time = caused.event_time
    AND received.is_quote = caused.is_quote
LEFT JOIN instruments ON instruments.instrument_id = caused.instrument_id
