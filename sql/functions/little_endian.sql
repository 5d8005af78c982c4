-- A whole number of at most eight bytes, the lowest first, as the records of the fold hold them.
-- Read by: latency_ledger.
CREATE OR REPLACE TEMPORARY FUNCTION little_endian(bytes BINARY)
RETURNS BIGINT
RETURN aggregate(
  sequence(length(bytes), 1, -1),
  CAST(0 AS BIGINT),
  (number, place) -> shiftleft(number, 8) | CAST(conv(hex(substring(bytes, place, 1)), 16, 10) AS BIGINT)
)
