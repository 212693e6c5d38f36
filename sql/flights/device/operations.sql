/*
role: group
grain: >-
  One row per aircraft with a flight. Each flight is one of three: cancelled (no
  departure delay), arrived (departure delay, arrival delay and time in the air are
  known), or diverted (the rest), so that departures are arrived plus diverted.
reads: [flights]
device: tailnum
columns:
  num_arrived:
    {kind: integer, unit: flights, absent: false, about: "flights that arrived",
    edges: [1, 2, 5, 10, 20, 50, 100, 150, 200, 250, 300, 400, 600, 1000, 4381]}
  num_diverted:
    {kind: integer, unit: flights, low: 1, high: 100, bins: 6, scale: log,
    absent: false, about: "flights that departed and did not arrive as planned"}
  num_cancelled:
    {kind: integer, unit: flights, low: 1, high: 400, bins: 10, scale: log,
    absent: false, about: "flights that did not depart"}
  num_late:
    {kind: integer, unit: flights, low: 1, high: 2000, bins: 12, scale: log,
    absent: false,
    about: "arrivals 15 minutes late or more, which the DOT counts as late"}
  mean_dep_delay_min:
    {kind: double, unit: min, about: "mean departure delay, by departure",
    edges: [-30, -10, -5, 0, 5, 10, 15, 20, 25, 30, 45, 60, 120, 1440]}
  mean_arr_delay_min:
    {kind: double, unit: min, about: "mean arrival delay, by arrival",
    edges: [-90, -30, -20, -10, -5, 0, 5, 10, 15, 20, 25, 30, 45, 60, 120, 1440]}
  mean_air_time_min:
    {kind: double, unit: min, low: 20, high: 720, bins: 16, scale: log,
    about: "mean time in the air, by arrival"}
  mean_distance_mi:
    {kind: double, unit: mi, low: 80, high: 5200, bins: 16, scale: log,
    about: "mean distance, by arrival"}
*/
SELECT
  tailnum,
  count(*) FILTER (WHERE arrived) AS num_arrived,
  count(*) FILTER (WHERE departed AND NOT arrived) AS num_diverted,
  count(*) FILTER (WHERE NOT departed) AS num_cancelled,
  count(*) FILTER (WHERE arrived AND arr_delay >= 15) AS num_late,
  avg(dep_delay) FILTER (WHERE departed) AS mean_dep_delay_min,
  avg(arr_delay) FILTER (WHERE arrived) AS mean_arr_delay_min,
  avg(air_time) FILTER (WHERE arrived) AS mean_air_time_min,
  avg(distance) FILTER (WHERE arrived) AS mean_distance_mi
FROM (
  SELECT
    *,
    dep_delay IS NOT NULL AS departed,
    dep_delay IS NOT NULL AND arr_delay IS NOT NULL AND air_time IS NOT NULL AS arrived
  FROM flights
)
WHERE tailnum IS NOT NULL
GROUP BY tailnum
