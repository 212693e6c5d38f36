SELECT lower(app_name), count(DISTINCT guid)
FROM application_error_event_1000
WHERE lower(app_name) IN (SELECT name FROM listed_applications)
GROUP BY 1
HAVING count(DISTINCT guid) >= 20
ORDER BY 2 DESC, 1
LIMIT 10
