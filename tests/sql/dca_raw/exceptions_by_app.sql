WITH codes AS (
  SELECT
    e.guid,
    lower(e.app_name) AS app,
    coalesce(l.name, 'Other') AS code,
    count(*) AS n
  FROM application_error_event_1000 e
  LEFT JOIN listed_exception_codes l ON l.name = lower(e.exception_code)
  WHERE lower(e.app_name) IN (SELECT name FROM listed_applications)
  GROUP BY 1, 2, 3
),
main AS (
  SELECT *
  FROM codes c
  WHERE NOT EXISTS (
    FROM codes b
    WHERE b.guid = c.guid AND b.app = c.app
      AND (b.n > c.n OR (b.n = c.n AND b.code > c.code))
  )
)
SELECT
  app,
  count(*),
  round(100 * avg(CASE WHEN code = 'c0000005' THEN 1 ELSE 0 END), 2),
  round(100 * avg(CASE WHEN code = 'c0000409' THEN 1 ELSE 0 END), 2),
  round(100 * avg(CASE WHEN code = 'e0434352' THEN 1 ELSE 0 END), 2)
FROM main
GROUP BY app
HAVING count(*) >= 20
