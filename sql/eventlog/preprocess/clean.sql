/*
about: >-
  The clean log, in the order of the file, with date, hour, day of the week (0 is
  Monday) and whether that is Saturday or Sunday.
reads: [checked_log]
*/
SELECT
  product_type AS "Product Type",
  event_type AS "Event Type",
  event_time AS "Time of Event",
  CAST(event_time AS DATE) AS event_date,
  hour(event_time) AS event_hour,
  isodow(event_time) - 1 AS event_dow,
  CAST(isodow(event_time) >= 6 AS INTEGER) AS is_weekend,
  user_id AS "User ID"
FROM checked_log
WHERE reason IS NULL
