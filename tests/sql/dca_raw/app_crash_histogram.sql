WITH counts AS (
  SELECT
    guid,
    count(*) AS n,
    count(DISTINCT lower(app_name))
      FILTER (WHERE lower(app_name) IN (SELECT name FROM listed_applications))
      + max(CASE WHEN lower(app_name) IN (SELECT name FROM listed_applications)
        THEN 0 ELSE 1 END) AS apps
  FROM application_error_event_1000
  GROUP BY guid
)
SELECT b.low, count(*), round(avg(apps), 3)
FROM counts
JOIN (VALUES (1, 2), (2, 4), (4, 16), (16, 64), (64, 256), (256, 1000000)) AS b(low, top)
  ON n >= b.low AND n < b.top
GROUP BY b.low
