/*
question: How much do fog, rain and wind delay departures?
codename: DelayWeather
type: aggregate
tables: [weather_exposure]
keys: [condition]
coverage: 0.5
values:
  num_aircraft: {metric: relative_error, threshold: 0.25}
  num_departures: {metric: relative_error, threshold: 0.25}
  mean_dep_delay_min: {metric: relative_error, threshold: 0.25}
devices: num_aircraft
*/
WITH exposure AS (
  SELECT
    'low visibility' AS condition,
    num_low_visibility AS num_departed,
    mean_dep_delay_low_visibility_min AS mean_delay_min
  FROM weather_exposure
  UNION ALL
  SELECT 'wet', num_wet, mean_dep_delay_wet_min FROM weather_exposure
  UNION ALL
  SELECT 'windy', num_windy, mean_dep_delay_windy_min FROM weather_exposure
  UNION ALL
  SELECT 'fair', num_fair, mean_dep_delay_fair_min FROM weather_exposure
)
SELECT
  condition,
  count(*) AS num_aircraft,
  CAST(sum(num_departed) AS BIGINT) AS num_departures,
  sum(num_departed * mean_delay_min)
    / nullif(sum(num_departed) FILTER (WHERE mean_delay_min IS NOT NULL), 0)
    AS mean_dep_delay_min
FROM exposure
WHERE num_departed > 0
GROUP BY condition
ORDER BY condition
