SELECT
  CAST(floor(year / 5) * 5 AS BIGINT) AS from_year,
  count(DISTINCT tailnum) AS num_aircraft
FROM aircraft
WHERE year IS NOT NULL
GROUP BY from_year
