/*
about: One row per application hang (Windows event 1002).
role: event
device: guid
time: ts
columns:
  load_ts: when the row was loaded in the warehouse
  batch_id: ingest batch, YYYYMMDD-HHMMSS
  audit_zip: name of the uploaded archive
  audit_internal_path: file inside the archive
  guid: device id, 32 hex characters
  dt: local date of ts
  ts: when the application was closed as hung, UTC
  app_name: program that hung, lower case
  app_version: its version
  process_id: process id, hex
  start_time: start of the process, hex file time
  termination_time_ms: length of the hang at termination, ms
  app_path: path of the program, scrubbed
  report_id: id of the error report
  package_full_name: package, store apps only
  package_relative_app_id: app in the package, store apps only
  hang_type: Top level window is idle, Unknown, Cross-thread or Quiesce
# No list of this table's columns is public: all follow the Windows event.
assumed: [load_ts, batch_id, audit_zip, audit_internal_path, guid, dt, ts, app_name,
  app_version, process_id, start_time, termination_time_ms, app_path, report_id,
  package_full_name, package_relative_app_id, hang_type]
*/
CREATE TABLE application_hang_event_1002 (
  load_ts TIMESTAMP,
  batch_id VARCHAR,
  audit_zip VARCHAR,
  audit_internal_path VARCHAR,
  guid VARCHAR,
  dt DATE,
  ts TIMESTAMP,
  app_name VARCHAR,
  app_version VARCHAR,
  process_id VARCHAR,
  start_time VARCHAR,
  termination_time_ms INTEGER,
  app_path VARCHAR,
  report_id VARCHAR,
  package_full_name VARCHAR,
  package_relative_app_id VARCHAR,
  hang_type VARCHAR
)
