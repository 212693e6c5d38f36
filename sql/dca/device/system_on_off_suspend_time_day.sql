/*
role: group
grain: One row per device with days split by power state.
reads: [system_on_off_suspend_time_day]
device: guid
columns:
  num_days:
    {kind: integer, unit: days, low: 1, high: 700, bins: 12, scale: log, zero: false,
    absent: false, about: days}
  on_s:
    kind: double
    unit: s a day
    edges: [0, 60, 600, 1800, 3600, 7200, 10800, 14400, 21600, 28800, 36000, 43200,
      54000, 64800, 75600, 86400]
    about: mean time on a day
  off_s:
    kind: double
    unit: s a day
    edges: [0, 60, 600, 1800, 3600, 7200, 10800, 14400, 21600, 28800, 36000, 43200,
      54000, 64800, 75600, 86400]
    about: mean time off a day
  mods_s:
    kind: double
    unit: s a day
    edges: [0, 60, 600, 1800, 3600, 7200, 10800, 14400, 21600, 28800, 36000, 43200,
      54000, 64800, 75600, 86400]
    about: mean time in modern standby a day
  sleep_s:
    kind: double
    unit: s a day
    edges: [0, 60, 600, 1800, 3600, 7200, 10800, 14400, 21600, 28800, 36000, 43200,
      54000, 64800, 75600, 86400]
    about: mean time asleep a day
*/
SELECT
  guid,
  count(*) AS num_days,
  avg(on_time) AS on_s,
  avg(off_time) AS off_s,
  avg(mods_time) AS mods_s,
  avg(sleep_time) AS sleep_s
FROM system_on_off_suspend_time_day
GROUP BY guid
