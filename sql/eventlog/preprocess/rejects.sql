/*
about: >-
  The rows that the clean log lacks, with the reason, in the order of the file; file_row
  counts readable lines from 1.
reads: [checked_log, reject_errors]
*/
SELECT
  rowid + 1 AS file_row,
  coalesce(product_text, CAST(product_type AS VARCHAR)) AS "Product Type",
  coalesce(event_text, CAST(event_type AS VARCHAR)) AS "Event Type",
  coalesce(time_text, CAST(event_time AS VARCHAR)) AS "Time of Event",
  user_id AS "User ID",
  reason,
  NULL AS csv_line
FROM checked_log
WHERE reason IS NOT NULL
UNION ALL
SELECT DISTINCT NULL, NULL, NULL, NULL, NULL, 'malformed line', csv_line
FROM reject_errors
ORDER BY file_row NULLS LAST, csv_line
