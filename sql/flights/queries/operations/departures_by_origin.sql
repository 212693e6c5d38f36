/*
question: How busy and how late is each airport of New York City?
codename: OriginGeo
type: geographic
tables: [origins]
keys: [origin]
coverage: 0.5
values:
  num_aircraft: {metric: relative_error, threshold: 0.25}
  num_departures: {metric: relative_error, threshold: 0.25}
  cancelled_percent: {metric: relative_error, threshold: 0.25}
  mean_dep_delay_min: {metric: relative_error, threshold: 0.25}
contributions:
  select: >-
    SELECT tailnum, origin, num_departed AS departed, num_cancelled AS cancelled,
    num_departed + num_cancelled AS planned, least(num_departed, 300) *
    mean_dep_delay_min AS delay_min, CASE WHEN mean_dep_delay_min IS NOT NULL THEN
    least(num_departed, 300) END AS timed FROM origins
  keys:
    origin: origins.origin
  max_cells: 3
  amounts:
    departed: 300
    cancelled: 20
    planned: 300
    delay_min: [-3000, 12000]
    timed: 300
  values:
    num_aircraft: devices
    num_departures: departed
    cancelled_percent: [cancelled, planned, 100]
    mean_dep_delay_min: [delay_min, timed]
*/
SELECT
  origin,
  count(DISTINCT tailnum) AS num_aircraft,
  CAST(sum(num_departed) AS BIGINT) AS num_departures,
  100.0 * sum(num_cancelled) / nullif(sum(num_departed + num_cancelled), 0)
    AS cancelled_percent,
  sum(num_departed * mean_dep_delay_min)
    / nullif(sum(num_departed) FILTER (WHERE mean_dep_delay_min IS NOT NULL), 0)
    AS mean_dep_delay_min
FROM origins
WHERE origin IS NOT NULL
GROUP BY origin
ORDER BY origin
