/*
about: >-
  Makes checked_log of raw_log: the time as a time, and the first reason to reject the
  row, if there is one. Times are ISO 8601; the log covers 1 May to 30 July 2024.
reads: [raw_log, known_products, known_event_types]
parameters: {keep_duplicates: whether equal rows are kept}
*/
CREATE TABLE checked_log AS
WITH parsed AS (
  SELECT *, TRY_CAST(time_text AS TIMESTAMP) AS event_time FROM raw_log
),
judged AS (
  SELECT
    *,
    CASE
      WHEN coalesce(user_id, '') = '' THEN 'empty user'
      WHEN coalesce(product_type, '') NOT IN (SELECT name FROM known_products)
        THEN 'unknown product'
      WHEN coalesce(event_type, '') NOT IN (SELECT name FROM known_event_types)
        THEN 'unknown event type'
      WHEN event_time IS NULL THEN 'unparseable time'
      WHEN NOT (
        event_time >= TIMESTAMP '2024-05-01' AND event_time < TIMESTAMP '2024-07-31'
      ) THEN 'time out of range'
    END AS fault
  FROM parsed
),
repeated AS (
  SELECT min(file_row) AS first_row, user_id, event_time, product_type, event_type
  FROM judged
  WHERE fault IS NULL AND NOT $keep_duplicates
  GROUP BY user_id, event_time, product_type, event_type
  HAVING count(*) > 1
)
SELECT
  judged.*,
  coalesce(
    fault, CASE WHEN file_row > first_row THEN 'duplicated row' END
  ) AS reason
FROM judged
LEFT JOIN repeated USING (user_id, event_time, product_type, event_type)
