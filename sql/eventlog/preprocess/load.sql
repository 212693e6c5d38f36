/*
about: >-
  Adds a block of lines to checked_log. Spaces at the ends of a text do not count. A time
  is ISO 8601, without words behind it; one with an offset is taken to UTC. The log
  covers 1 May to 30 July 2024. A line that does not read has a fault and no columns.
reads: [block]
*/
INSERT INTO checked_log
WITH parsed AS (
  SELECT
    file_row,
    "0" AS product_text,
    "1" AS event_text,
    "2" AS time_text,
    -- Trimming is for the few texts that do not read as they are.
    coalesce(TRY_CAST("0" AS product), TRY_CAST(trim("0") AS product)) AS product_type,
    coalesce(TRY_CAST("1" AS event_kind), TRY_CAST(trim("1") AS event_kind))
      AS event_type,
    CASE
      WHEN regexp_full_match(
        trim("2"),
        '\d{4}[-/]\d{1,2}[-/]\d{1,2}([ T]\d{1,2}:\d{1,2}(:\d{1,2}(\.\d{1,9})?)?)?'
      ) THEN TRY_CAST(trim("2") AS TIMESTAMP)
      WHEN regexp_full_match(
        trim("2"),
        '\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[-+]\d{2}(:?\d{2})?)'
      ) THEN make_timestamp(epoch_us(TRY_CAST(trim("2") AS TIMESTAMPTZ)))
    END AS event_time,
    trim("3") AS user_id,
    fault,
    line_text
  FROM block
),
judged AS (
  SELECT
    *,
    CASE
      WHEN fault IS NOT NULL THEN fault
      WHEN user_id = '' THEN 'empty user'
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
  file_row,
  product_type,
  event_type,
  event_time,
  user_id,
  reason,
  CASE WHEN reason IS NOT NULL THEN trim(product_text) END AS product_text,
  CASE WHEN reason IS NOT NULL THEN trim(event_text) END AS event_text,
  CASE WHEN reason IS NOT NULL THEN trim(time_text) END AS time_text,
  line_text
FROM judged
