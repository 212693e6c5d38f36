/*
about: One row per process and session; a stub with one device.
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
  app_id: process or store app
  user_id: class of its account, such as SYSTEM
  cpu_power_consumption: estimated power of it, processor, mW
  display_power_consumption: estimated power of it, display, mW
  disk_power_consumption: estimated power of it, disk, mW
  mbb_power_consumption: estimated power of it, mobile broadband, mW
  network_power_consumption: estimated power of it, network, mW
  soc_power_consumption: estimated power of it, system on chip, mW
  loss_power_consumption: estimated power of it, power lost, mW
  other_power_consumption: estimated power of it, all else, mW
  total_power_consumption: estimated power of it, all parts, mW
  recent_usage_hash: hash of the recent use
  scenario_instance_hash: hash of the session
# Published are these names; their types are inferred from descriptions.
assumed: [ts_utc, dt_utc, ts_local, app_id, user_id, cpu_power_consumption,
  display_power_consumption, disk_power_consumption, mbb_power_consumption,
  network_power_consumption, soc_power_consumption, loss_power_consumption,
  other_power_consumption, total_power_consumption, recent_usage_hash,
  scenario_instance_hash]
*/
CREATE TABLE mods_sleepstudy_power_estimation_data_13wks (
  load_ts TIMESTAMP,
  batch_id VARCHAR,
  audit_zip VARCHAR,
  audit_internal_path VARCHAR,
  guid VARCHAR,
  ts_utc TIMESTAMP,
  dt_utc DATE,
  ts_local TIMESTAMP,
  app_id VARCHAR,
  user_id VARCHAR,
  cpu_power_consumption INTEGER,
  display_power_consumption INTEGER,
  disk_power_consumption INTEGER,
  mbb_power_consumption INTEGER,
  network_power_consumption INTEGER,
  soc_power_consumption INTEGER,
  loss_power_consumption INTEGER,
  other_power_consumption INTEGER,
  total_power_consumption INTEGER,
  recent_usage_hash VARCHAR,
  scenario_instance_hash VARCHAR
)
