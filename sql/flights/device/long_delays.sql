/*
role: group
grain: >-
  One row per aircraft that departed eight hours or more behind its schedule at least
  once: few do.
reads: [flights]
device: tailnum
columns:
  num_departed:
    {kind: integer, unit: flights, edges: [1, 2, 3, 4, 6, 11, 51], zero: false,
    absent: false, about: "departures eight hours late or more"}
  mean_dep_delay_min:
    {kind: double, unit: min, low: 480, high: 2880, bins: 12, scale: log, zero: false,
    about: "mean departure delay of these departures"}
*/
SELECT
  tailnum,
  count(*) AS num_departed,
  avg(dep_delay) AS mean_dep_delay_min
FROM flights
WHERE tailnum IS NOT NULL AND dep_delay >= 480
GROUP BY tailnum
