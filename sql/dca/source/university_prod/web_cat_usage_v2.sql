/*
about: One row per device, day, browser and pair of web categories.
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
  browser: chrome, edge or firefox
  parent_category: web category, such as entertainment
  sub_category: part of it, such as video streaming; else empty
  duration_ms: time on its pages, ms
  page_load_count: page loads
  site_count: sites
  domain_count: domains
  page_visit_count: page visits
assumed: []
*/
CREATE TABLE web_cat_usage_v2 (
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
  browser VARCHAR,
  parent_category VARCHAR,
  sub_category VARCHAR,
  duration_ms INTEGER,
  page_load_count INTEGER,
  site_count INTEGER,
  domain_count INTEGER,
  page_visit_count INTEGER
)
