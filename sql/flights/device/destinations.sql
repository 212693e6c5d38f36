/*
role: entity
grain: >-
  One row per aircraft and airport that it arrived at; arrived is as in operations.
  Airports that are no hub count as Other once encoded.
reads: [flights]
device: tailnum
# Airports of the United States with scheduled flights are some 500.
max_rows: 500
fixed_rows: 8
cap_by: num_arrived
unique: [dest]
columns:
  dest:
    {kind: category, values: hubs, other: Other, learnt: false, absent: false,
    about: "airport of arrival"}
  num_arrived:
    {kind: integer, unit: flights, absent: false, about: "flights that arrived",
    zero: false, edges: [1, 2, 3, 5, 8, 12, 20, 35, 60, 100, 200, 400, 1000, 4381]}
  mean_arr_delay_min:
    {kind: double, unit: min, about: "mean arrival delay, by arrival",
    edges: [-90, -30, -20, -10, -5, 0, 5, 10, 15, 20, 25, 30, 45, 60, 120, 1440]}
*/
SELECT
  tailnum,
  dest,
  count(*) AS num_arrived,
  avg(arr_delay) AS mean_arr_delay_min
FROM flights
WHERE
  tailnum IS NOT NULL
  AND dest IS NOT NULL
  AND dep_delay IS NOT NULL
  AND arr_delay IS NOT NULL
  AND air_time IS NOT NULL
GROUP BY tailnum, dest
