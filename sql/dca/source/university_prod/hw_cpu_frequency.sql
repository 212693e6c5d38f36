/*
about: One row per device, interval, frequency bin and number of active cores.
role: event
device: guid
time: interval_start_utc
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
  ia_freq_mhz: frequency bin, MHz
  ia_active_cores: cores active in that bin
  nrs: number of samples, one each 5 s
# Published are these names; their types are inferred from descriptions.
assumed: [ia_freq_mhz, ia_active_cores, nrs]
*/
CREATE TABLE hw_cpu_frequency (
  load_ts TIMESTAMP,
  batch_id VARCHAR,
  audit_zip VARCHAR,
  audit_internal_path VARCHAR,
  guid VARCHAR,
  interval_start_utc TIMESTAMP,
  interval_end_utc TIMESTAMP,
  interval_local_start TIMESTAMP,
  interval_local_end TIMESTAMP,
  ia_freq_mhz INTEGER,
  ia_active_cores SMALLINT,
  nrs INTEGER
)
