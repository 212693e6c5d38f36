/*
about: One row per blocker of one session of modern standby.
role: event
device: guid
time: dt_utc
columns:
  load_ts: when the row was loaded in the warehouse
  batch_id: ingest batch, YYYYMMDD-HHMMSS
  audit_zip: name of the uploaded archive
  audit_internal_path: file inside the archive
  guid: device id, 32 hex characters
  ts_utc: start of the sleep session, UTC
  dt_utc: its date, UTC
  ts_local: start of the sleep session, local time
  blocker_name: what kept the device awake
  active_time_ms: for how long, ms; 0 in a third of the rows
  activity_level: low, moderate or high
  blocker_type: kind of blocker, such as Fx Device
  blocker_id: id of the blocker
# Published are these names; their types are inferred from descriptions.
assumed: [ts_utc, dt_utc, ts_local, blocker_name, active_time_ms, activity_level,
  blocker_type, blocker_id]
*/
CREATE TABLE mods_sleepstudy_top_blocker_hist (
  load_ts TIMESTAMP,
  batch_id VARCHAR,
  audit_zip VARCHAR,
  audit_internal_path VARCHAR,
  guid VARCHAR,
  ts_utc TIMESTAMP,
  dt_utc DATE,
  ts_local TIMESTAMP,
  blocker_name VARCHAR,
  active_time_ms BIGINT,
  activity_level VARCHAR,
  blocker_type VARCHAR,
  blocker_id VARCHAR
)
