/*
about: One row per device, hour, direction and network interface.
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
  dt: local date of dt_hr
  dt_hr: start of the hour, local time
  nr_samples: number of samples, one each 5 s
  max_bytes_sec: largest rate, bytes/s
  min_bytes_sec: least rate, bytes/s
  avg_bytes_sec: mean rate, bytes/s
  input_description: "counter: holds BYTES RECEIVED/SEC or BYTES SENT/SEC"
  network_interface: network interface
assumed: []
*/
CREATE TABLE os_network_consumption_v2 (
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
  dt_hr TIMESTAMP,
  nr_samples SMALLINT,
  max_bytes_sec BIGINT,
  min_bytes_sec BIGINT,
  avg_bytes_sec BIGINT,
  input_description VARCHAR,
  network_interface VARCHAR
)
