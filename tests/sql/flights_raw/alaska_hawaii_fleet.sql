SELECT
  manufacturer,
  count(DISTINCT tailnum) AS num_aircraft,
  count(*) AS num_arrivals
FROM flown JOIN makers USING (tailnum)
WHERE arrived AND dest IN (SELECT faa FROM airports WHERE tz < -8)
GROUP BY manufacturer
