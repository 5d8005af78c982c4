-- What: the life of each live signal: proposed, filtered, aggregated, approved, emitted, expired; none is skipped.
-- Grain: one row per instrument, minute bar and strategy that ever entered or left there; moments are of our clock.
-- Read by: people who follow signals. `is_revised`: its bar or its own words changed after it was first emitted.
-- Example: SELECT state, ended_by, count(*) FROM signal_paths GROUP BY state, ended_by
WITH told AS (
  SELECT *, false AS is_over_standings FROM gold.signals_1m_live
  UNION ALL
  SELECT *, true AS is_over_standings FROM gold.cross_signals_1m_live
),
words AS (
  SELECT
    instrument_id,
    bar_start,
    strategy,
    is_over_standings,
    min(session_date) AS session_date,
    min(emitted_at) AS proposed_at,
    min(emitted_at) FILTER (WHERE result IN ('outvoted', 'decisive')) AS filtered_at,
    min(emitted_at) FILTER (WHERE result = 'decisive') AS decisive_at,
    min_by(struct(generation, input_offset, available_at), struct(generation, revision)) AS first_word,
    max_by(
      struct(result, stance, score, target, needs_approval, expires_at), struct(generation, revision)
    ) AS last_word,
    count(*) AS revisions
  FROM told
  GROUP BY instrument_id, bar_start, strategy, is_over_standings
),
market AS (
  SELECT
    session_date,
    max(available_at) AS market_time,
    session_date < max(max(session_date)) OVER (ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS is_over
  FROM gold.bars_1m_live
  GROUP BY session_date
),
revised AS (
  SELECT words.instrument_id, words.bar_start, words.strategy
  FROM words
  INNER JOIN
    (
      SELECT instrument_id, bar_start, generation, input_offset, available_at, false AS is_over_standings
      FROM gold.indicators_1m_live
      UNION ALL
      SELECT instrument_id, bar_start, generation, input_offset, available_at, false FROM gold.quotes_1m_live
      UNION ALL
      SELECT instrument_id, bar_start, generation, input_offset, available_at, true
      FROM gold.cross_section_1m_live
      WHERE revision > 0
    ) AS later
    ON
      words.instrument_id = later.instrument_id AND words.bar_start = later.bar_start
      AND words.is_over_standings = later.is_over_standings
      AND later.generation = words.first_word.generation
      -- What several partitions cause has no order of offsets.
      AND if(
        words.is_over_standings,
        later.available_at > words.first_word.available_at,
        later.input_offset > words.first_word.input_offset
      )
  GROUP BY words.instrument_id, words.bar_start, words.strategy
),
decided AS (
  SELECT
    words.*,
    approvals.is_approved,
    CASE
      WHEN NOT words.last_word.needs_approval THEN words.decisive_at
      WHEN approvals.is_approved THEN approvals.decided_at
    END AS approved_at,
    -- What stands in the way of an earlier one: decisive by its last word, and let out.
    words.last_word.result = 'decisive'
    AND (NOT words.last_word.needs_approval OR coalesce(approvals.is_approved, false)) AS stands
  FROM words
  LEFT JOIN gold.signal_approvals AS approvals
    ON
      words.instrument_id = approvals.instrument_id AND words.bar_start = approvals.bar_start
      AND words.strategy = approvals.strategy
),
followed AS (
  SELECT
    *,
    min(CASE WHEN stands THEN bar_start END) OVER (
      PARTITION BY instrument_id, session_date, is_over_standings ORDER BY bar_start
      RANGE BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING
    ) AS replaced_from
  FROM decided
),
ended AS (
  SELECT
    decided.*,
    revised.bar_start IS NOT NULL OR decided.revisions > 1 AS is_revised,
    CASE
      WHEN decided.last_word.result = 'withdrawn' THEN 'withdrawn'
      WHEN decided.last_word.result = 'filtered' THEN 'filter'
      WHEN decided.last_word.result = 'outvoted' THEN 'votes'
      WHEN NOT decided.is_approved THEN 'refusal'
      WHEN decided.replaced_from < decided.last_word.expires_at THEN 'another'
      WHEN market.market_time >= decided.last_word.expires_at THEN 'horizon'
      WHEN market.is_over THEN 'session'
    END AS ended_by
  FROM followed AS decided
  INNER JOIN market ON decided.session_date = market.session_date
  LEFT JOIN revised
    ON
      decided.instrument_id = revised.instrument_id AND decided.bar_start = revised.bar_start
      AND decided.strategy = revised.strategy
)
SELECT
  ended.session_date,
  instruments.symbol,
  exchange_time(ended.bar_start) AS bar_time,
  ended.strategy,
  ended.is_over_standings,
  CASE
    WHEN ended.ended_by IS NOT NULL THEN 'expired'
    WHEN ended.approved_at IS NOT NULL THEN 'emitted'
    ELSE 'aggregated'
  END AS state,
  ended.ended_by,
  ended.is_revised,
  ended.last_word.stance,
  ended.last_word.score,
  ended.last_word.target,
  ended.proposed_at,
  ended.filtered_at,
  ended.filtered_at AS aggregated_at,
  ended.approved_at,
  CASE WHEN ended.last_word.needs_approval THEN ended.approved_at ELSE ended.decisive_at END AS emitted_at,
  ended.last_word.expires_at,
  ended.instrument_id,
  ended.bar_start
FROM ended
LEFT JOIN instruments ON ended.instrument_id = instruments.instrument_id
