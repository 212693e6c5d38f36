/*
question: Whose aircraft depart eight hours late or more, and how often?
codename: LongDelayMaker
type: aggregate
rare: true
tables: [aircraft, long_delays]
keys: [manufacturer]
coverage: 0.5
values:
  num_aircraft: {metric: relative_error, threshold: 0.25}
  num_departures: {metric: relative_error, threshold: 0.25}
  mean_dep_delay_min: {metric: relative_error, threshold: 0.25}
devices: num_aircraft
*/
SELECT
  manufacturer,
  count(*) AS num_aircraft,
  CAST(sum(num_departed) AS BIGINT) AS num_departures,
  sum(num_departed * mean_dep_delay_min)
    / nullif(sum(num_departed) FILTER (WHERE mean_dep_delay_min IS NOT NULL), 0)
    AS mean_dep_delay_min
FROM aircraft
JOIN long_delays USING (tailnum)
WHERE manufacturer IS NOT NULL
GROUP BY manufacturer
ORDER BY manufacturer
