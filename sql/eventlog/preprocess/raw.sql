/*
about: The clean log under the names of the suite's raw table of events.
reads: [checked_log]
*/
SELECT product_type, event_type, event_time, user_id
FROM checked_log
WHERE reason IS NULL
