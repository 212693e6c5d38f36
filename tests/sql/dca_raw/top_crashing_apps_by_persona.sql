WITH counts AS (
  SELECT
    coalesce(s.persona, 'Unknown') AS persona,
    lower(e.app_name) AS app,
    count(DISTINCT e.guid) AS n
  FROM application_error_event_1000 e
  JOIN system_sysinfo_unique_normalized s ON s.guid = e.guid
  WHERE lower(e.app_name) IN (SELECT name FROM listed_applications)
  GROUP BY 1, 2
)
SELECT persona, app, n
FROM counts c
WHERE n >= 10 AND (
  SELECT count(*)
  FROM counts b
  WHERE b.persona = c.persona AND (b.n > c.n OR (b.n = c.n AND b.app < c.app))
) < 5
