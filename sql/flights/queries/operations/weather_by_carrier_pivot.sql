/*
question: >-
  How many departures in bad weather do the aircraft of each carrier with at least 20
  make for each one in fair weather?
codename: WeatherPivot
type: pivot
tables: [carriers, weather_exposure]
keys: [carrier]
coverage: 0.5
values:
  num_aircraft: {metric: relative_error, threshold: 0.25}
  low_visibility_per_fair: {metric: relative_error, threshold: 0.25}
  wet_per_fair: {metric: relative_error, threshold: 0.25}
  windy_per_fair: {metric: relative_error, threshold: 0.25}
devices: num_aircraft
*/
SELECT
  carrier,
  count(DISTINCT tailnum) AS num_aircraft,
  CAST(sum(num_low_visibility) AS DOUBLE) / nullif(sum(num_fair), 0)
    AS low_visibility_per_fair,
  CAST(sum(num_wet) AS DOUBLE) / nullif(sum(num_fair), 0) AS wet_per_fair,
  CAST(sum(num_windy) AS DOUBLE) / nullif(sum(num_fair), 0) AS windy_per_fair
FROM carriers
JOIN weather_exposure USING (tailnum)
WHERE carrier IS NOT NULL
GROUP BY carrier
HAVING count(DISTINCT tailnum) >= 20
ORDER BY carrier
