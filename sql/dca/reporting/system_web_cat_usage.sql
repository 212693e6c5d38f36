/*
grain: >-
  One row per device, day, browser and pair of web categories, as in the raw table;
  without rows that lack a duration or have a negative one.
reads: [web_cat_usage_v2]
device: guid
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
*/
SELECT
  load_ts,
  batch_id,
  audit_zip,
  audit_internal_path,
  guid,
  interval_start_utc,
  interval_end_utc,
  interval_local_start,
  interval_local_end,
  dt,
  browser,
  parent_category,
  sub_category,
  duration_ms,
  page_load_count,
  site_count,
  domain_count,
  page_visit_count
FROM web_cat_usage_v2
WHERE guid IS NOT NULL AND duration_ms >= 0
