/*
question: >-
  How late and how reliable are the aircraft of each manufacturer with at least 20?
codename: DelayMaker
type: aggregate
tables: [aircraft, operations]
keys: [manufacturer]
coverage: 0.5
values:
  num_aircraft: {metric: relative_error, threshold: 0.25}
  mean_dep_delay_min: {metric: relative_error, threshold: 0.25}
  mean_arr_delay_min: {metric: relative_error, threshold: 0.25}
  cancelled_percent: {metric: relative_error, threshold: 0.25}
devices: num_aircraft
*/
SELECT
  manufacturer,
  count(*) AS num_aircraft,
  sum((num_arrived + num_diverted) * mean_dep_delay_min)
    / nullif(
      sum(num_arrived + num_diverted) FILTER (WHERE mean_dep_delay_min IS NOT NULL), 0
    ) AS mean_dep_delay_min,
  sum(num_arrived * mean_arr_delay_min)
    / nullif(sum(num_arrived) FILTER (WHERE mean_arr_delay_min IS NOT NULL), 0)
    AS mean_arr_delay_min,
  100.0 * sum(num_cancelled)
    / nullif(sum(num_arrived + num_diverted + num_cancelled), 0) AS cancelled_percent
FROM aircraft
JOIN operations USING (tailnum)
WHERE manufacturer IS NOT NULL
GROUP BY manufacturer
HAVING count(*) >= 20
ORDER BY manufacturer
