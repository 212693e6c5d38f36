/*
about: One row per device, power event, metric and instance.
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
  ts: start of the power event, UTC
  event_name: power and display state, such as AC_DISPLAY_ON
  duration_ms: length of the event, ms
  metric_name: metric, with its part and unit between colons
  attribute_metric_level1: core or package id; 0 if none
  nrs: number of samples, one each 5 s
  avg_val: mean of the samples, in the metric's unit
  min_val: least of the samples, in the metric's unit
  max_val: largest of the samples, in the metric's unit
  percentile_50th: median of the samples, in the metric's unit
  percentile_75th: 75th percentile of the samples, in the metric's unit
  percentile_90th: 90th percentile of the samples, in the metric's unit
  percentile_99th: 99th percentile of the samples, in the metric's unit
# Published are these names; their types are inferred from descriptions.
assumed: [event_name, duration_ms, metric_name, attribute_metric_level1, nrs, avg_val,
  min_val, max_val, percentile_50th, percentile_75th, percentile_90th, percentile_99th]
*/
CREATE TABLE power_acdc_usage_v4_hist (
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
  event_name VARCHAR,
  duration_ms BIGINT,
  metric_name VARCHAR,
  attribute_metric_level1 INTEGER,
  nrs INTEGER,
  avg_val DOUBLE,
  min_val DOUBLE,
  max_val DOUBLE,
  percentile_50th DOUBLE,
  percentile_75th DOUBLE,
  percentile_90th DOUBLE,
  percentile_99th DOUBLE
)
