/*
about: The rows that the clean log lacks, with the reason, in the order of the file.
reads: [checked_log, reject_errors]
*/
SELECT
  file_row,
  product_type AS "Product Type",
  event_type AS "Event Type",
  time_text AS "Time of Event",
  user_id AS "User ID",
  reason,
  NULL AS csv_line
FROM checked_log
WHERE reason IS NOT NULL
UNION ALL
SELECT DISTINCT NULL, NULL, NULL, NULL, NULL, 'malformed line', csv_line
FROM reject_errors
ORDER BY file_row NULLS LAST, csv_line
