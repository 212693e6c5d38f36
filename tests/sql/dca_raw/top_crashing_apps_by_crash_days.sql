SELECT app_name, sum(days)
FROM (
  SELECT guid, lower(app_name) AS app_name, count(DISTINCT dt) AS days
  FROM application_error_event_1000
  GROUP BY 1, 2
)
WHERE app_name IN (SELECT name FROM listed_applications)
GROUP BY 1
HAVING count(*) >= 20
ORDER BY 2 DESC, 1
LIMIT 10
