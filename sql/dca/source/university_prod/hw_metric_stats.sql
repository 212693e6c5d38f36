/*
about: One row per device, day, hardware metric and instance.
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
  dt: local date of the interval
  name: metric, with its part and unit between colons
  instance: core or package id; 0 if none
  nrs: number of samples, one each 5 s
  mean: mean of the samples, in the metric's unit
  min: least of the samples, in the metric's unit
  max: largest of the samples, in the metric's unit
assumed: []
*/
CREATE TABLE hw_metric_stats (
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
  name VARCHAR,
  instance SMALLINT,
  nrs SMALLINT,
  mean DOUBLE,
  min DOUBLE,
  max DOUBLE
)
