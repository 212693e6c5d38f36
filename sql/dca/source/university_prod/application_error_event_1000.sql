/*
about: One row per application crash (Windows event 1000).
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
  ts: when the application crashed, UTC
  app_name: executable that crashed, lower case
  app_version: its version
  app_timestamp: its build stamp, hex
  module_name: module at fault, lower case
  module_version: its version
  module_timestamp: its build stamp, hex
  exception_code: exception, 8 hex digits, such as c0000005
  fault_offset: offset in the module, hex
  process_id: process id, hex
  app_start_time: start of the process, hex file time
  app_path: path of the executable, scrubbed
  module_path: path of the module, scrubbed
  report_id: id of the error report
  package_full_name: package, store apps only
  package_relative_app_id: app in the package, store apps only
# No list of this table's columns is public: all follow the Windows event.
assumed: [load_ts, batch_id, audit_zip, audit_internal_path, guid, dt, ts, app_name,
  app_version, app_timestamp, module_name, module_version, module_timestamp,
  exception_code, fault_offset, process_id, app_start_time, app_path, module_path,
  report_id, package_full_name, package_relative_app_id]
*/
CREATE TABLE application_error_event_1000 (
  load_ts TIMESTAMP,
  batch_id VARCHAR,
  audit_zip VARCHAR,
  audit_internal_path VARCHAR,
  guid VARCHAR,
  dt DATE,
  ts TIMESTAMP,
  app_name VARCHAR,
  app_version VARCHAR,
  app_timestamp VARCHAR,
  module_name VARCHAR,
  module_version VARCHAR,
  module_timestamp VARCHAR,
  exception_code VARCHAR,
  fault_offset VARCHAR,
  process_id VARCHAR,
  app_start_time VARCHAR,
  app_path VARCHAR,
  module_path VARCHAR,
  report_id VARCHAR,
  package_full_name VARCHAR,
  package_relative_app_id VARCHAR
)
