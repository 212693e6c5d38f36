SELECT
  manufacturer,
  count(DISTINCT tailnum) AS num_aircraft,
  avg(CASE WHEN hour <= 11 THEN dep_delay END) AS morning_min,
  avg(CASE WHEN hour IN (12, 13, 14, 15, 16, 17) THEN dep_delay END) AS afternoon_min,
  avg(CASE WHEN hour > 17 THEN dep_delay END) AS evening_min
FROM flown JOIN makers USING (tailnum)
WHERE departed
GROUP BY manufacturer
HAVING count(DISTINCT tailnum) > 19
