/*
question: How much and how far do aircraft of each size fly?
codename: UtilisationSeats
type: aggregate
tables: [aircraft, operations]
keys: [size]
coverage: 0.5
values:
  num_aircraft: {metric: relative_error, threshold: 0.25}
  arrivals_per_aircraft: {metric: relative_error, threshold: 0.25}
  mean_distance_mi: {metric: relative_error, threshold: 0.25}
  mean_speed_mph: {metric: relative_error, threshold: 0.25}
contributions:
  select: >-
    SELECT tailnum, CASE WHEN seats <= 19 THEN '1 to 19 seats' WHEN seats <= 50
    THEN '20 to 50 seats' WHEN seats <= 100 THEN '51 to 100 seats' WHEN seats <=
    150 THEN '101 to 150 seats' WHEN seats <= 200 THEN '151 to 200 seats' ELSE
    'over 200 seats' END AS size, num_arrived AS arrived, CASE WHEN
    mean_distance_mi IS NOT NULL THEN least(num_arrived, 500) END AS measured,
    least(num_arrived, 500) * mean_distance_mi AS miles, least(num_arrived, 500) *
    mean_air_time_min AS minutes FROM aircraft JOIN operations USING (tailnum)
    WHERE seats IS NOT NULL
  keys:
    size:
      [1 to 19 seats, 20 to 50 seats, 51 to 100 seats, 101 to 150 seats, 151 to
      200 seats, over 200 seats]
  amounts: {arrived: 500, measured: 500, miles: 500000, minutes: 80000}
  values:
    num_aircraft: devices
    arrivals_per_aircraft: [arrived, devices]
    mean_distance_mi: [miles, measured]
    mean_speed_mph: [miles, minutes, 60]
*/
SELECT
  CASE
    WHEN seats <= 19 THEN '1 to 19 seats'
    WHEN seats <= 50 THEN '20 to 50 seats'
    WHEN seats <= 100 THEN '51 to 100 seats'
    WHEN seats <= 150 THEN '101 to 150 seats'
    WHEN seats <= 200 THEN '151 to 200 seats'
    ELSE 'over 200 seats'
  END AS size,
  count(*) AS num_aircraft,
  sum(num_arrived) / count(*) AS arrivals_per_aircraft,
  sum(num_arrived * mean_distance_mi)
    / nullif(sum(num_arrived) FILTER (WHERE mean_distance_mi IS NOT NULL), 0)
    AS mean_distance_mi,
  60 * sum(num_arrived * mean_distance_mi)
    / nullif(sum(num_arrived * mean_air_time_min), 0) AS mean_speed_mph
FROM aircraft
JOIN operations USING (tailnum)
WHERE seats IS NOT NULL
GROUP BY size
ORDER BY size
