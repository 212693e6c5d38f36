/*
about: Events of each type.
reads: [log]
*/
SELECT "Event Type", count(*) AS event_count
FROM log
GROUP BY "Event Type"
ORDER BY event_count DESC, "Event Type"
