SELECT
  origin,
  count(DISTINCT tailnum) AS num_aircraft,
  count(dep_delay) AS num_departures,
  100 * avg(CASE WHEN departed THEN 0 ELSE 1 END) AS cancelled_percent,
  avg(dep_delay) AS mean_dep_delay_min
FROM flown
WHERE origin IS NOT NULL
GROUP BY origin
