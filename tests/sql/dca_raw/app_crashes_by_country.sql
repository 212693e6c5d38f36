WITH counts AS (
  SELECT
    coalesce(countryname_normalized, 'Other') AS country,
    (
      SELECT count(*) FROM application_error_event_1000 e WHERE e.guid = s.guid
    ) AS crashes,
    (
      SELECT
        count(DISTINCT CASE WHEN lower(app_name) IN (SELECT name FROM listed_applications)
          THEN lower(app_name) ELSE 'Other' END)
      FROM application_error_event_1000 e
      WHERE e.guid = s.guid
    ) AS apps
  FROM system_sysinfo_unique_normalized s
)
SELECT country, count(*), round(avg(crashes), 3), round(avg(apps), 3)
FROM counts
GROUP BY country
HAVING count(*) >= 100
