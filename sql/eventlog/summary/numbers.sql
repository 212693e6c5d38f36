/*
about: Moments and quartiles of the number columns; times in seconds since 1970.
reads: [log]
*/
WITH item AS (
  SELECT 'Time of Event' AS name, epoch("Time of Event") AS number FROM log
  UNION ALL
  SELECT 'event_date', epoch(CAST(event_date AS TIMESTAMP)) FROM log
  UNION ALL
  SELECT 'event_hour', event_hour FROM log
  UNION ALL
  SELECT 'event_dow', event_dow FROM log
  UNION ALL
  SELECT 'is_weekend', is_weekend FROM log
)
SELECT
  name,
  count(*) AS num_rows,
  CAST(sum(CAST(number AS DECIMAL(18, 6))) AS DOUBLE) / count(*) AS mean,
  min(number) AS low,
  quantile_cont(number, 0.25) AS quarter,
  quantile_cont(number, 0.5) AS half,
  quantile_cont(number, 0.75) AS three_quarters,
  max(number) AS high,
  stddev_samp(number) AS deviation
FROM item
GROUP BY name
ORDER BY name
