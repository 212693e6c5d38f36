/*
role: group
grain: One row per device that went on battery.
reads: [system_batt_dc_events]
device: guid
columns:
  num_days:
    {kind: integer, unit: days, low: 1, high: 700, bins: 12, scale: log, zero: false,
    absent: false, about: days on which it went on battery}
  power_ons_per_day:
    kind: double
    unit: times a day
    edges: [1, 1.01, 1.25, 1.5, 1.75, 2, 2.25, 2.5, 3, 3.5, 4, 5, 7, 10, 15, 25, 50]
    zero: false
    about: mean number of times that it went on battery, over those days
  duration_mins_per_day:
    {kind: double, unit: minutes a day, low: 1, high: 1440, bins: 16, scale: log,
    about: mean time on battery over those days}
*/
SELECT
  guid,
  count(*) AS num_days,
  avg(num_power_ons) AS power_ons_per_day,
  avg(duration_mins) AS duration_mins_per_day
FROM system_batt_dc_events
GROUP BY guid
