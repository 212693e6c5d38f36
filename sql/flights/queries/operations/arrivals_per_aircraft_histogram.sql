/*
question: How many times did an aircraft fly out of New York, and how far?
codename: ArrivalHist
type: histogram
tables: [operations]
keys: [from_arrivals]
coverage: 0.5
values:
  num_aircraft: {metric: total_variation, threshold: 0.15}
  mean_distance_mi: {metric: relative_error, threshold: 0.25}
devices: num_aircraft
*/
SELECT
  CASE WHEN num_arrived < 50 THEN num_arrived // 10 * 10 ELSE num_arrived // 50 * 50 END
    AS from_arrivals,
  count(*) AS num_aircraft,
  sum(num_arrived * mean_distance_mi) / sum(num_arrived) AS mean_distance_mi
FROM operations
WHERE num_arrived > 0 AND mean_distance_mi IS NOT NULL
GROUP BY from_arrivals
ORDER BY from_arrivals
