/*
about: >-
  Makes checked_log of a CSV: a row a readable line in the order of the file, with the
  first reason to reject it, if there is one, and then its text as it was. Spaces at the
  ends do not count. Times are ISO 8601; the log covers 1 May to 30 July 2024. Lines that
  do not read as CSV go to reject_errors.
parameters: {path: the CSV}
*/
CREATE TABLE checked_log AS
WITH parsed AS (
  SELECT
    "Product Type" AS product_text,
    "Event Type" AS event_text,
    "Time of Event" AS time_text,
    -- Trimming is for the few texts that do not read as they are.
    coalesce(
      TRY_CAST("Product Type" AS product), TRY_CAST(trim("Product Type") AS product)
    ) AS product_type,
    coalesce(
      TRY_CAST("Event Type" AS event_kind), TRY_CAST(trim("Event Type") AS event_kind)
    ) AS event_type,
    TRY_CAST("Time of Event" AS TIMESTAMP) AS event_time,
    trim("User ID") AS user_id
  FROM read_csv(
    $path,
    header = true,
    all_varchar = true,
    delim = ',',
    quote = '"',
    escape = '"',
    encoding = 'utf-8',
    auto_detect = true,
    store_rejects = true,
    rejects_limit = 0
  )
),
judged AS (
  SELECT
    *,
    CASE
      WHEN coalesce(user_id, '') = '' THEN 'empty user'
      WHEN product_type IS NULL THEN 'unknown product'
      WHEN event_type IS NULL THEN 'unknown event type'
      WHEN event_time IS NULL THEN 'unparseable time'
      WHEN NOT (
        event_time >= TIMESTAMP '2024-05-01' AND event_time < TIMESTAMP '2024-07-31'
      ) THEN 'time out of range'
    END AS reason
  FROM parsed
)
SELECT
  product_type,
  event_type,
  event_time,
  user_id,
  reason,
  CASE WHEN reason IS NOT NULL THEN trim(product_text) END AS product_text,
  CASE WHEN reason IS NOT NULL THEN trim(event_text) END AS event_text,
  CASE WHEN reason IS NOT NULL THEN trim(time_text) END AS time_text
FROM judged
