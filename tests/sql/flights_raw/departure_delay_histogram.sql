WITH late AS (
  SELECT tailnum, avg(dep_delay) AS delay FROM flown WHERE departed GROUP BY tailnum
)
SELECT
  CASE
    WHEN delay < -5 THEN -10
    WHEN delay >= 60 THEN 60
    ELSE CAST(5 * floor(delay / 5) AS BIGINT)
  END AS from_delay_min,
  count(*) AS num_aircraft
FROM late
GROUP BY from_delay_min
