/*
question: Whose aircraft fly from New York to Alaska and Hawaii?
codename: FarWestGeo
type: geographic
rare: true
tables: [aircraft, regions]
keys: [manufacturer]
coverage: 0.5
values:
  num_aircraft: {metric: relative_error, threshold: 0.25}
  num_arrivals: {metric: relative_error, threshold: 0.25}
contributions:
  select: >-
    SELECT tailnum, manufacturer, num_alaska_hawaii AS arrivals FROM aircraft JOIN
    regions USING (tailnum) WHERE num_alaska_hawaii > 0
  keys:
    manufacturer: aircraft.manufacturer
  amounts: {arrivals: 200}
  values:
    num_aircraft: devices
    num_arrivals: arrivals
*/
SELECT
  manufacturer,
  count(*) AS num_aircraft,
  CAST(sum(num_alaska_hawaii) AS BIGINT) AS num_arrivals
FROM aircraft
JOIN regions USING (tailnum)
WHERE manufacturer IS NOT NULL AND num_alaska_hawaii > 0
GROUP BY manufacturer
ORDER BY manufacturer
