SELECT
  type,
  count(DISTINCT tailnum) AS num_aircraft,
  avg(seats) AS mean_seats,
  avg(year) AS mean_year_built
FROM aircraft
WHERE type = 'Fixed wing single engine' OR type = 'Rotorcraft'
GROUP BY type
