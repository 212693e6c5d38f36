/*
about: A hash of each row that is not rejected; equal rows have equal hashes.
reads: [checked_log]
*/
SELECT hash(product_type, event_type, event_time, user_id) AS row_hash
FROM checked_log
WHERE reason IS NULL
