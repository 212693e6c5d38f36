SELECT
  manufacturer,
  count(DISTINCT tailnum) AS num_aircraft,
  avg(dep_delay) AS mean_dep_delay_min,
  avg(CASE WHEN arrived THEN arr_delay END) AS mean_arr_delay_min,
  100 * avg(CASE WHEN departed THEN 0 ELSE 1 END) AS cancelled_percent
FROM flown JOIN makers USING (tailnum)
GROUP BY manufacturer
HAVING count(DISTINCT tailnum) > 19
