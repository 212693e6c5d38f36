/*
question: How is the mean departure delay spread over the fleet, in steps of 5 minutes?
codename: DelayHist
type: histogram
tables: [operations]
keys: [from_delay_min]
coverage: 0.5
values:
  num_aircraft: {metric: total_variation, threshold: 0.15}
contributions:
  select: >-
    SELECT tailnum, CAST(least(greatest(floor(mean_dep_delay_min / 5) * 5, -10),
    60) AS BIGINT) AS from_delay_min FROM operations WHERE mean_dep_delay_min IS
    NOT NULL
  keys:
    from_delay_min: [-10, -5, 0, 5, 10, 15, 20, 25, 30, 35, 40, 45, 50, 55, 60]
  values:
    num_aircraft: devices
*/
SELECT
  CAST(least(greatest(floor(mean_dep_delay_min / 5) * 5, -10), 60) AS BIGINT)
    AS from_delay_min,
  count(*) AS num_aircraft
FROM operations
WHERE mean_dep_delay_min IS NOT NULL
GROUP BY from_delay_min
ORDER BY from_delay_min
