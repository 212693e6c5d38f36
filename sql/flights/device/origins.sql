/*
role: entity
grain: One row per aircraft and airport of New York City that it was to leave.
reads: [flights]
device: tailnum
# New York City has three airports.
max_rows: 3
cap_by: num_departed
unique: [origin]
columns:
  origin: {kind: category, values: origins, about: "airport of departure"}
  num_departed:
    {kind: integer, unit: flights, absent: false, about: "flights that departed",
    edges: [1, 2, 5, 10, 20, 50, 100, 150, 200, 250, 300, 400, 600, 1000, 4381]}
  num_cancelled:
    {kind: integer, unit: flights, low: 1, high: 400, bins: 10, scale: log,
    absent: false, about: "flights that did not depart"}
  mean_dep_delay_min:
    {kind: double, unit: min, about: "mean departure delay, by departure",
    edges: [-30, -10, -5, 0, 5, 10, 15, 20, 25, 30, 45, 60, 120, 1440]}
*/
SELECT
  tailnum,
  origin,
  count(dep_delay) AS num_departed,
  count(*) - count(dep_delay) AS num_cancelled,
  avg(dep_delay) AS mean_dep_delay_min
FROM flights
WHERE tailnum IS NOT NULL AND origin IS NOT NULL
GROUP BY tailnum, origin
