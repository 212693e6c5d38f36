SELECT
  engine,
  count(*) AS num_departures,
  100 * avg(CAST(month % 12 // 3 = 0 AS INTEGER)) AS winter_percent,
  100 * avg(CAST(month % 12 // 3 = 1 AS INTEGER)) AS spring_percent,
  100 * avg(CAST(month % 12 // 3 = 2 AS INTEGER)) AS summer_percent,
  100 * avg(CAST(month % 12 // 3 = 3 AS INTEGER)) AS autumn_percent
FROM flown JOIN aircraft USING (tailnum)
WHERE departed AND engine IS NOT NULL
GROUP BY engine
HAVING count(DISTINCT tailnum) > 19
