/*
grain: >-
  One row per blocker of a session of modern standby, as in the raw table. The day is
  the date in UTC, as in the study; the vendor's schema has the local one.
reads: [mods_sleepstudy_top_blocker_hist]
device: guid
columns:
  load_ts: when the row was loaded in the warehouse
  batch_id: ingest batch, YYYYMMDD-HHMMSS
  audit_zip: name of the uploaded archive
  audit_internal_path: file inside the archive
  guid: device id, 32 hex characters
  ts_utc: start of the sleep session, UTC
  dt_utc: its date, UTC
  ts_local: start of the sleep session, local time
  dt: day of the session
  blocker_name: what kept the device awake
  active_time_ms: for how long, ms; 0 in a third of the rows
  activity_level: low, moderate or high
  blocker_type: kind of blocker, such as Fx Device
  blocker_id: id of the blocker
*/
SELECT
  load_ts,
  batch_id,
  audit_zip,
  audit_internal_path,
  guid,
  ts_utc,
  dt_utc,
  ts_local,
  dt_utc AS dt,
  blocker_name,
  active_time_ms,
  activity_level,
  blocker_type,
  blocker_id
FROM mods_sleepstudy_top_blocker_hist
WHERE guid IS NOT NULL
