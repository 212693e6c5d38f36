/*
role: group
grain: >-
  One row per aircraft with a departure, by the scheduled local hour: morning until 11,
  afternoon from 12 to 17, evening from 18.
reads: [flights]
device: tailnum
columns:
  num_morning: &departures
    {kind: integer, unit: flights, absent: false, about: "departures",
    edges: [1, 2, 5, 10, 20, 50, 100, 150, 200, 250, 300, 400, 600, 1000, 4381]}
  num_afternoon: *departures
  num_evening: *departures
  mean_dep_delay_morning_min: &delay
    {kind: double, unit: min, about: "mean departure delay of these departures",
    edges: [-30, -10, -5, 0, 5, 10, 15, 20, 25, 30, 45, 60, 120, 1440]}
  mean_dep_delay_afternoon_min: *delay
  mean_dep_delay_evening_min: *delay
*/
SELECT
  tailnum,
  count(*) FILTER (WHERE hour < 12) AS num_morning,
  count(*) FILTER (WHERE hour BETWEEN 12 AND 17) AS num_afternoon,
  count(*) FILTER (WHERE hour >= 18) AS num_evening,
  avg(dep_delay) FILTER (WHERE hour < 12) AS mean_dep_delay_morning_min,
  avg(dep_delay) FILTER (WHERE hour BETWEEN 12 AND 17) AS mean_dep_delay_afternoon_min,
  avg(dep_delay) FILTER (WHERE hour >= 18) AS mean_dep_delay_evening_min
FROM flights
WHERE tailnum IS NOT NULL AND dep_delay IS NOT NULL
GROUP BY tailnum
