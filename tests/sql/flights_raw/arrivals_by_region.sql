SELECT
  CASE (SELECT tz FROM airports WHERE faa = dest)
    WHEN -5 THEN 'eastern'
    WHEN -6 THEN 'central'
    WHEN -7 THEN 'mountain'
    WHEN -8 THEN 'pacific'
    WHEN -9 THEN 'alaska and hawaii'
    WHEN -10 THEN 'alaska and hawaii'
    ELSE 'offshore'
  END AS region,
  count(DISTINCT tailnum) AS num_aircraft,
  count(*) AS num_arrivals
FROM flown
WHERE arrived
GROUP BY region
