/*
question: >-
  How does the departure delay of each manufacturer with at least 20 aircraft grow over
  a day?
codename: DayPartPivot
type: pivot
tables: [aircraft, day_parts]
keys: [manufacturer]
coverage: 0.5
values:
  num_aircraft: {metric: relative_error, threshold: 0.25}
  morning_min: {metric: relative_error, threshold: 0.25}
  afternoon_min: {metric: relative_error, threshold: 0.25}
  evening_min: {metric: relative_error, threshold: 0.25}
devices: num_aircraft
*/
SELECT
  manufacturer,
  count(*) AS num_aircraft,
  sum(num_morning * mean_dep_delay_morning_min)
    / nullif(
      sum(num_morning) FILTER (WHERE mean_dep_delay_morning_min IS NOT NULL), 0
    ) AS morning_min,
  sum(num_afternoon * mean_dep_delay_afternoon_min)
    / nullif(
      sum(num_afternoon) FILTER (WHERE mean_dep_delay_afternoon_min IS NOT NULL), 0
    ) AS afternoon_min,
  sum(num_evening * mean_dep_delay_evening_min)
    / nullif(
      sum(num_evening) FILTER (WHERE mean_dep_delay_evening_min IS NOT NULL), 0
    ) AS evening_min
FROM aircraft
JOIN day_parts USING (tailnum)
WHERE manufacturer IS NOT NULL
GROUP BY manufacturer
HAVING count(*) >= 20
ORDER BY manufacturer
