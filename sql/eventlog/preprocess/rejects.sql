/*
about: >-
  The lines that the clean log lacks, with the reason, in the order of the file; file_row
  counts the lines behind the header from 1. csv_line is the begin of a line that does
  not read, where the columns are empty.
reads: [checked_log]
*/
SELECT
  file_row,
  coalesce(product_text, CAST(product_type AS VARCHAR)) AS "Product Type",
  coalesce(event_text, CAST(event_type AS VARCHAR)) AS "Event Type",
  coalesce(time_text, CAST(event_time AS VARCHAR)) AS "Time of Event",
  user_id AS "User ID",
  reason,
  line_text AS csv_line
FROM checked_log
WHERE reason IS NOT NULL
