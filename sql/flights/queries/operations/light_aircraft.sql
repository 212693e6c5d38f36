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
contributions:
  select: >-
    SELECT tailnum, type, seats, seats IS NOT NULL AS seated, year_built AS year,
    year_built IS NOT NULL AS dated FROM aircraft WHERE type IN ('Fixed wing
    single engine', 'Rotorcraft')
  keys:
    type: [Fixed wing single engine, Rotorcraft]
  amounts: {seats: 60, seated: 1, year: 2030, dated: 1}
  values:
    num_aircraft: devices
    mean_seats: [seats, seated]
    mean_year_built: [year, dated]
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
