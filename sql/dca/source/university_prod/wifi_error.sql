/*
about: One row per device, error and access point in an interval.
role: event
device: guid
time: ts
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
  ts: when the error was counted, UTC
  error_string: details of the error
  ap_id: access point, anonymised
  error_count: occurrences in the interval
# Published are these names; their types are inferred from descriptions.
assumed: [error_string, ap_id, error_count]
*/
CREATE TABLE wifi_error (
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
  error_string VARCHAR,
  ap_id VARCHAR,
  error_count INTEGER
)
