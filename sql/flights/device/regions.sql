/*
role: group
grain: >-
  One row per aircraft with an arrival, counted by the standard time of the airport of
  arrival in the public table airports; offshore is an airport that the table lacks.
reads: [flights, airports]
device: tailnum
columns:
  num_eastern: &arrivals
    {kind: integer, unit: flights, absent: false, about: "arrivals",
    edges: [1, 2, 5, 10, 20, 50, 100, 150, 200, 250, 300, 400, 600, 1000, 4381]}
  num_central: *arrivals
  num_mountain: *arrivals
  num_pacific: *arrivals
  num_alaska_hawaii: *arrivals
  num_offshore: *arrivals
*/
SELECT
  tailnum,
  count(*) FILTER (WHERE tz = -5) AS num_eastern,
  count(*) FILTER (WHERE tz = -6) AS num_central,
  count(*) FILTER (WHERE tz = -7) AS num_mountain,
  count(*) FILTER (WHERE tz = -8) AS num_pacific,
  count(*) FILTER (WHERE tz <= -9) AS num_alaska_hawaii,
  count(*) FILTER (WHERE tz IS NULL OR tz > -5) AS num_offshore
FROM flights
LEFT JOIN airports ON airports.faa = flights.dest
WHERE
  tailnum IS NOT NULL
  AND dep_delay IS NOT NULL
  AND arr_delay IS NOT NULL
  AND air_time IS NOT NULL
GROUP BY tailnum
