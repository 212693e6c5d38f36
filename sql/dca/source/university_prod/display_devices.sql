/*
about: One row per interval of one setting of one display.
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
# Published are these names; their types are inferred from descriptions.
assumed: [display_id, adapter_id, port, sink_index, connection_type, vendor_name,
  status, resolution_width, resolution_heigth, refresh_rate, duration_ac, duration_dc]
*/
CREATE TABLE display_devices (
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
  display_id VARCHAR,
  adapter_id VARCHAR,
  port VARCHAR,
  sink_index INTEGER,
  connection_type VARCHAR,
  vendor_name VARCHAR,
  status INTEGER,
  resolution_width INTEGER,
  resolution_heigth INTEGER,
  refresh_rate INTEGER,
  duration_ac INTEGER,
  duration_dc INTEGER
)
