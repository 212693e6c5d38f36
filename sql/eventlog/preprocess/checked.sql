/*
about: >-
  Makes checked_log, which gets a row per line behind the header, in the order of the
  file: what was read, the first reason to reject it, if there is one, and then its text
  as it was.
*/
CREATE TABLE checked_log (
  file_row BIGINT,
  product_type product,
  event_type event_kind,
  event_time TIMESTAMP,
  user_id VARCHAR,
  reason VARCHAR,
  product_text VARCHAR,
  event_text VARCHAR,
  time_text VARCHAR,
  line_text VARCHAR
)
