SELECT
  lower(app_name),
  round(sum(greatest(coalesce(termination_time_ms, 0), 0)) / 1000 / count(DISTINCT guid), 3),
  count(*)
FROM application_hang_event_1002
WHERE lower(app_name) IN (SELECT name FROM listed_applications)
GROUP BY 1
HAVING count(DISTINCT guid) >= 20
ORDER BY 2 DESC, 1
LIMIT 10
