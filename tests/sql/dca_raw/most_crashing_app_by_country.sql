WITH counts AS (
  SELECT
    coalesce(s.countryname_normalized, 'Other') AS country,
    lower(e.app_name) AS app,
    count(DISTINCT e.guid) AS n
  FROM application_error_event_1000 e
  JOIN system_sysinfo_unique_normalized s ON s.guid = e.guid
  WHERE lower(e.app_name) IN (SELECT name FROM listed_applications)
  GROUP BY 1, 2
)
SELECT country, min(app)
FROM counts c
WHERE n >= 10 AND n = (SELECT max(n) FROM counts b WHERE b.country = c.country)
GROUP BY country
