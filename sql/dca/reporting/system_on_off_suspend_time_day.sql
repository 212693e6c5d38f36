/*
grain: >-
  One row per device and day, as in the raw table; without rows that lack a time or have
  a negative one.
reads: [guids_on_off_suspend_time_day]
device: guid
columns:
  load_ts: when the row was loaded in the warehouse
  guid: device id, 32 hex characters
  dt: local date
  on_time: time on, s
  off_time: time off, s
  mods_time: time in modern standby, s
  sleep_time: time asleep, s
*/
SELECT
  load_ts,
  guid,
  dt,
  on_time,
  off_time,
  mods_time,
  sleep_time
FROM guids_on_off_suspend_time_day
WHERE
  guid IS NOT NULL
  AND on_time >= 0
  AND off_time >= 0
  AND mods_time >= 0
  AND sleep_time >= 0
