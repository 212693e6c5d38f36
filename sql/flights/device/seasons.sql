/*
role: group
grain: One row per aircraft with a departure, counted by meteorological season.
reads: [flights]
device: tailnum
columns:
  num_winter: &departures
    {kind: integer, unit: flights, absent: false, about: "departures",
    edges: [1, 2, 5, 10, 20, 50, 100, 150, 200, 250, 300, 400, 600, 1000, 4381]}
  num_spring: *departures
  num_summer: *departures
  num_autumn: *departures
*/
SELECT
  tailnum,
  count(*) FILTER (WHERE month IN (12, 1, 2)) AS num_winter,
  count(*) FILTER (WHERE month IN (3, 4, 5)) AS num_spring,
  count(*) FILTER (WHERE month IN (6, 7, 8)) AS num_summer,
  count(*) FILTER (WHERE month IN (9, 10, 11)) AS num_autumn
FROM flights
WHERE tailnum IS NOT NULL AND dep_delay IS NOT NULL
GROUP BY tailnum
