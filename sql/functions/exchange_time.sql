-- Nanoseconds since 1970 UTC as a clock on the wall of the exchange.
-- Viet Nam keeps UTC+7 all year round. Read by: every view that shows a time.
CREATE OR REPLACE TEMPORARY FUNCTION exchange_time(nanoseconds BIGINT)
RETURNS TIMESTAMP_NTZ
RETURN timestampadd(MICROSECOND, nanoseconds DIV 1000, TIMESTAMP_NTZ '1970-01-01 07:00:00')
