/*
role: entity
grain: >-
  One row per aircraft and carrier that flew it: most aircraft fly for one carrier in a
  year. Arrived and cancelled are as in operations.
reads: [flights]
device: tailnum
# Carriers that report to the US Department of Transportation are fewer than 30.
max_rows: 30
fixed_rows: 2
cap_by: num_arrived
unique: [carrier]
columns:
  # The list is whole.
  carrier:
    {kind: category, values: carriers, other: Other, learnt: false, absent: false,
    about: "carrier code"}
  num_arrived:
    {kind: integer, unit: flights, absent: false, about: "flights that arrived",
    edges: [1, 2, 5, 10, 20, 50, 100, 150, 200, 250, 300, 400, 600, 1000, 4381]}
  num_cancelled:
    {kind: integer, unit: flights, low: 1, high: 400, bins: 10, scale: log,
    absent: false, about: "flights that did not depart"}
  num_late:
    {kind: integer, unit: flights, low: 1, high: 2000, bins: 12, scale: log,
    absent: false, about: "arrivals 15 minutes late or more"}
  mean_arr_delay_min:
    {kind: double, unit: min, about: "mean arrival delay, by arrival",
    edges: [-90, -30, -20, -10, -5, 0, 5, 10, 15, 20, 25, 30, 45, 60, 120, 1440]}
*/
SELECT
  tailnum,
  carrier,
  count(*) FILTER (WHERE arrived) AS num_arrived,
  count(*) FILTER (WHERE dep_delay IS NULL) AS num_cancelled,
  count(*) FILTER (WHERE arrived AND arr_delay >= 15) AS num_late,
  avg(arr_delay) FILTER (WHERE arrived) AS mean_arr_delay_min
FROM (
  SELECT
    *,
    dep_delay IS NOT NULL AND arr_delay IS NOT NULL AND air_time IS NOT NULL AS arrived
  FROM flights
)
WHERE tailnum IS NOT NULL AND carrier IS NOT NULL
GROUP BY tailnum, carrier
