/*
grain: >-
  One row per process and session, as in the raw table; without rows that lack a total
  or have a negative one.
reads: [mods_sleepstudy_power_estimation_data_13wks]
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
  app_id,
  user_id,
  cpu_power_consumption,
  display_power_consumption,
  disk_power_consumption,
  mbb_power_consumption,
  network_power_consumption,
  soc_power_consumption,
  loss_power_consumption,
  other_power_consumption,
  total_power_consumption,
  recent_usage_hash,
  scenario_instance_hash
FROM mods_sleepstudy_power_estimation_data_13wks
WHERE guid IS NOT NULL AND total_power_consumption >= 0
