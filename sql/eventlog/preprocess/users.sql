/*
about: The users of the clean log, each once.
reads: [checked_log]
*/
SELECT DISTINCT user_id
FROM checked_log
WHERE reason IS NULL
