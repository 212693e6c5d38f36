/*
about: >-
  Makes raw_log of a CSV: a row a readable line in the order of the file, all as text
  without spaces at the ends. Lines that do not read as CSV go to reject_errors.
parameters: {path: the CSV}
*/
CREATE TABLE raw_log AS
SELECT
  row_number() OVER () AS file_row,
  trim("Product Type") AS product_type,
  trim("Event Type") AS event_type,
  trim("Time of Event") AS time_text,
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
