/*
role: group
grain: >-
  One row per aircraft with a departure in an hour whose weather at the airport is known
  from the public table weather. Low visibility is below 3 mi (instrument flight rules),
  wet has precipitation, windy is 20 mph or more; a departure can be in several, and is
  fair if it is in none. A measure that the observation lacks does not make it adverse.
reads: [flights, weather]
device: tailnum
columns:
  num_low_visibility: &departures
    {kind: integer, unit: flights, absent: false, about: "departures",
    edges: [1, 2, 5, 10, 20, 50, 100, 150, 200, 250, 300, 400, 600, 1000, 4381]}
  num_wet: *departures
  num_windy: *departures
  num_fair: *departures
  mean_dep_delay_low_visibility_min: &delay
    {kind: double, unit: min, about: "mean departure delay of these departures",
    edges: [-30, -10, -5, 0, 5, 10, 15, 20, 25, 30, 45, 60, 120, 1440]}
  mean_dep_delay_wet_min: *delay
  mean_dep_delay_windy_min: *delay
  mean_dep_delay_fair_min: *delay
*/
SELECT
  tailnum,
  count(*) FILTER (WHERE low_visibility) AS num_low_visibility,
  count(*) FILTER (WHERE wet) AS num_wet,
  count(*) FILTER (WHERE windy) AS num_windy,
  count(*) FILTER (WHERE NOT (low_visibility OR wet OR windy)) AS num_fair,
  avg(dep_delay) FILTER (WHERE low_visibility) AS mean_dep_delay_low_visibility_min,
  avg(dep_delay) FILTER (WHERE wet) AS mean_dep_delay_wet_min,
  avg(dep_delay) FILTER (WHERE windy) AS mean_dep_delay_windy_min,
  avg(dep_delay) FILTER (WHERE NOT (low_visibility OR wet OR windy))
    AS mean_dep_delay_fair_min
FROM (
  SELECT
    tailnum,
    dep_delay,
    coalesce(visib < 3, false) AS low_visibility,
    coalesce(precip > 0, false) AS wet,
    coalesce(wind_speed >= 20, false) AS windy
  FROM flights
  JOIN weather USING (origin, time_hour)
  WHERE tailnum IS NOT NULL AND dep_delay IS NOT NULL
)
GROUP BY tailnum
