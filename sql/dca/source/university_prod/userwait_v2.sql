/*
about: One row per wait of the user, and summary rows of a day.
role: event
device: guid
time: dt
columns:
  load_ts: when the row was loaded in the warehouse
  batch_id: ingest batch, YYYYMMDD-HHMMSS
  audit_zip: name of the uploaded archive
  audit_internal_path: file inside the archive
  guid: device id, 32 hex characters
  interval_start_utc: start of the collector interval, UTC
  interval_end_utc: end of the collector interval, UTC
  interval_local_start: start of the collector interval, local time
  interval_local_end: end of the collector interval, local time
  dt: local date of ts
  ts: start of the wait, UTC
  event_name: APPSTARTING, WAIT, or the name of a summary row, TOTAL_...
  duration_ms: length of the wait, ms; 1000 or more for real waits
  pid_current: process id, in focus during the wait
  proc_name_ts_current: start of the process, in focus during the wait
  proc_name_current: process name, in focus during the wait
  proc_pkg_current: its package, in focus during the wait; store apps only
  captioned_current: whether its window has a caption, in focus during the wait
  windowed_mode_current: window mode, in focus during the wait
  non_responsive_current: whether it does not respond, in focus during the wait
  ac_dc_event_name: power and display state, such as AC_DISPLAY_ON
  pid_next: process id, in focus after the wait
  proc_name_ts_next: start of the process, in focus after the wait
  proc_name_next: process name, in focus after the wait
  proc_pkg_next: its package, in focus after the wait; store apps only
  captioned_next: whether its window has a caption, in focus after the wait
  windowed_mode_next: window mode, in focus after the wait
  non_responsive_next: whether it does not respond, in focus after the wait
# Published are these names; their types are inferred from descriptions.
assumed: [event_name, duration_ms, pid_current, proc_name_ts_current, proc_name_current,
  proc_pkg_current, captioned_current, windowed_mode_current, pid_next,
  proc_name_ts_next, proc_name_next, proc_pkg_next, captioned_next, windowed_mode_next,
  ac_dc_event_name]
*/
CREATE TABLE userwait_v2 (
  load_ts TIMESTAMP,
  batch_id VARCHAR,
  audit_zip VARCHAR,
  audit_internal_path VARCHAR,
  guid VARCHAR,
  interval_start_utc TIMESTAMP,
  interval_end_utc TIMESTAMP,
  interval_local_start TIMESTAMP,
  interval_local_end TIMESTAMP,
  dt DATE,
  ts TIMESTAMP,
  event_name VARCHAR,
  duration_ms BIGINT,
  pid_current INTEGER,
  proc_name_ts_current TIMESTAMP,
  proc_name_current VARCHAR,
  proc_pkg_current VARCHAR,
  captioned_current VARCHAR,
  windowed_mode_current VARCHAR,
  non_responsive_current BOOLEAN,
  ac_dc_event_name VARCHAR,
  pid_next INTEGER,
  proc_name_ts_next TIMESTAMP,
  proc_name_next VARCHAR,
  proc_pkg_next VARCHAR,
  captioned_next VARCHAR,
  windowed_mode_next VARCHAR,
  non_responsive_next BOOLEAN
)
