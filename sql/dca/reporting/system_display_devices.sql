/*
grain: >-
  One row per interval of one setting of one display, as in the raw table; without rows
  that lack a duration or have a negative one.
reads: [display_devices]
device: guid
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
  ts: start of the setting, UTC
  display_id: display
  adapter_id: graphics adapter
  port: port, such as PORT_A
  sink_index: index of the display on the port
  connection_type: such as HDMI or INTERNAL
  vendor_name: maker of the display
  status: 1 active; 0 inactive, then sizes and rate are 0
  resolution_width: width, pixels
  resolution_heigth: height, pixels; spelt so
  refresh_rate: refresh rate, Hz
  duration_ac: time on mains power, s
  duration_dc: time on battery, s
*/
SELECT
  load_ts,
  batch_id,
  audit_zip,
  audit_internal_path,
  guid,
  interval_start_utc,
  interval_end_utc,
  interval_local_start,
  interval_local_end,
  dt,
  ts,
  display_id,
  adapter_id,
  port,
  sink_index,
  connection_type,
  vendor_name,
  status,
  resolution_width,
  resolution_heigth,
  refresh_rate,
  duration_ac,
  duration_dc
FROM display_devices
WHERE guid IS NOT NULL AND duration_ac >= 0 AND duration_dc >= 0
