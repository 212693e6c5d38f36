/*
about: One row per device and interval, with its free memory.
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
  sample_count: number of samples, one each 5 s
  average: mean free memory, MB, despite the table's name
  below_0: samples below 0 %
  below_5: samples from 0 % to below 5 %
  below_10: samples from 5 % to below 10 %
  below_15: samples from 10 % to below 15 %
  below_20: samples from 15 % to below 20 %
  below_25: samples from 20 % to below 25 %
  below_30: samples from 25 % to below 30 %
  below_35: samples from 30 % to below 35 %
  below_40: samples from 35 % to below 40 %
  below_45: samples from 40 % to below 45 %
  below_50: samples from 45 % to below 50 %
  below_55: samples from 50 % to below 55 %
  below_60: samples from 55 % to below 60 %
  below_65: samples from 60 % to below 65 %
  below_70: samples from 65 % to below 70 %
  below_75: samples from 70 % to below 75 %
  below_80: samples from 75 % to below 80 %
  below_85: samples from 80 % to below 85 %
  below_90: samples from 85 % to below 90 %
  below_95: samples from 90 % to below 95 %
  below_100: samples from 95 % to below 100 %
  equal_to_greater_than_100: samples at 100 % or above
assumed: []
*/
CREATE TABLE os_memsam_avail_percent (
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
  sample_count INTEGER,
  average DOUBLE,
  below_0 INTEGER,
  below_5 INTEGER,
  below_10 INTEGER,
  below_15 INTEGER,
  below_20 INTEGER,
  below_25 INTEGER,
  below_30 INTEGER,
  below_35 INTEGER,
  below_40 INTEGER,
  below_45 INTEGER,
  below_50 INTEGER,
  below_55 INTEGER,
  below_60 INTEGER,
  below_65 INTEGER,
  below_70 INTEGER,
  below_75 INTEGER,
  below_80 INTEGER,
  below_85 INTEGER,
  below_90 INTEGER,
  below_95 INTEGER,
  below_100 INTEGER,
  equal_to_greater_than_100 INTEGER
)
