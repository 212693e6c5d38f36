/*
about: One row per run of the crash-log extractor on a device; most runs find nothing.
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
  ts: when the extractor ran
  exit_code: exit code of the extractor; 0 means no crash log found
  console_output: console text of the extractor
  console_output_hash: SHA-256 of console_output, 64 hex characters
# Published are these names; their types are inferred from descriptions.
assumed: [ts, dt, exit_code, console_output, console_output_hash]
*/
CREATE TABLE crashlog (
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
  exit_code INTEGER,
  console_output VARCHAR,
  console_output_hash VARCHAR
)
