/*
about: One row per device and day, split by power state.
role: event
device: guid
time: dt
columns:
  load_ts: when the row was loaded in the warehouse
  guid: device id, 32 hex characters
  dt: local date
  on_time: time on, s
  off_time: time off, s
  mods_time: time in modern standby, s
  sleep_time: time asleep, s
# Published are these names; their types are inferred from descriptions.
assumed: [dt, on_time, off_time, mods_time, sleep_time]
*/
CREATE TABLE guids_on_off_suspend_time_day (
  load_ts TIMESTAMP,
  guid VARCHAR,
  dt DATE,
  on_time INTEGER,
  off_time INTEGER,
  mods_time INTEGER,
  sleep_time INTEGER
)
