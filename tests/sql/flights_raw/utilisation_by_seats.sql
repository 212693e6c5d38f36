SELECT
  CASE
    WHEN seats BETWEEN 0 AND 19 THEN '1 to 19 seats'
    WHEN seats BETWEEN 20 AND 50 THEN '20 to 50 seats'
    WHEN seats BETWEEN 51 AND 100 THEN '51 to 100 seats'
    WHEN seats BETWEEN 101 AND 150 THEN '101 to 150 seats'
    WHEN seats BETWEEN 151 AND 200 THEN '151 to 200 seats'
    WHEN seats > 200 THEN 'over 200 seats'
  END AS size,
  count(DISTINCT tailnum) AS num_aircraft,
  count(*) FILTER (WHERE arrived) / count(DISTINCT tailnum) AS arrivals_per_aircraft,
  avg(distance) FILTER (WHERE arrived) AS mean_distance_mi,
  sum(distance) FILTER (WHERE arrived) / (sum(air_time) FILTER (WHERE arrived) / 60)
    AS mean_speed_mph
FROM flown JOIN aircraft USING (tailnum)
WHERE seats IS NOT NULL
GROUP BY size
