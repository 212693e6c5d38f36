/*
question: How reliable is each carrier?
codename: ReliabilityCarrier
type: aggregate
tables: [carriers]
keys: [carrier]
coverage: 0.5
values:
  num_aircraft: {metric: relative_error, threshold: 0.25}
  num_arrivals: {metric: relative_error, threshold: 0.25}
  late_percent: {metric: relative_error, threshold: 0.25}
  cancelled_percent: {metric: relative_error, threshold: 0.25}
  mean_arr_delay_min: {metric: relative_error, threshold: 0.25}
contributions:
  select: >-
    SELECT tailnum, carrier, num_arrived AS arrived, num_late AS late,
    num_cancelled AS cancelled, num_arrived + num_cancelled AS planned,
    least(num_arrived, 500) * mean_arr_delay_min AS delay_min, CASE WHEN
    mean_arr_delay_min IS NOT NULL THEN least(num_arrived, 500) END AS timed FROM
    carriers
  keys:
    carrier: carriers.carrier
  max_cells: 2
  amounts:
    arrived: 500
    late: 200
    cancelled: 30
    planned: 500
    delay_min: [-5000, 15000]
    timed: 500
  values:
    num_aircraft: devices
    num_arrivals: arrived
    late_percent: [late, arrived, 100]
    cancelled_percent: [cancelled, planned, 100]
    mean_arr_delay_min: [delay_min, timed]
*/
SELECT
  carrier,
  count(DISTINCT tailnum) AS num_aircraft,
  CAST(sum(num_arrived) AS BIGINT) AS num_arrivals,
  100.0 * sum(num_late) / nullif(sum(num_arrived), 0) AS late_percent,
  100.0 * sum(num_cancelled) / nullif(sum(num_arrived + num_cancelled), 0)
    AS cancelled_percent,
  sum(num_arrived * mean_arr_delay_min)
    / nullif(sum(num_arrived) FILTER (WHERE mean_arr_delay_min IS NOT NULL), 0)
    AS mean_arr_delay_min
FROM carriers
WHERE carrier IS NOT NULL
GROUP BY carrier
ORDER BY carrier
