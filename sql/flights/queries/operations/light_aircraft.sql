/*
question: How many single-engine aircraft and helicopters are in the fleet?
codename: LightAircraft
type: aggregate
rare: true
tables: [aircraft]
keys: [type]
coverage: 0.5
values:
  num_aircraft: {metric: relative_error, threshold: 0.25}
  mean_seats: {metric: relative_error, threshold: 0.25}
  mean_year_built: {metric: relative_error, threshold: 0.25}
*/
SELECT
  type,
  count(*) AS num_aircraft,
  avg(seats) AS mean_seats,
  avg(year_built) AS mean_year_built
FROM aircraft
WHERE type IN ('Fixed wing single engine', 'Rotorcraft')
GROUP BY type
ORDER BY type
