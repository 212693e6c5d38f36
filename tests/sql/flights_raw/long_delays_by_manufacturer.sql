SELECT
  manufacturer,
  count(DISTINCT tailnum) AS num_aircraft,
  count(*) AS num_departures,
  avg(dep_delay) AS mean_dep_delay_min
FROM flown JOIN makers USING (tailnum)
WHERE dep_delay >= 480
GROUP BY manufacturer
