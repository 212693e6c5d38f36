/*
about: Events of each day.
reads: [log]
*/
SELECT event_date, count(*) AS event_count
FROM log
GROUP BY event_date
ORDER BY event_date
