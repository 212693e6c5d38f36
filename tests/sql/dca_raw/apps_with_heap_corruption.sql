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
)
SELECT app, count(*)
FROM codes c
WHERE code = 'c0000374' AND NOT EXISTS (
  FROM codes b
  WHERE b.guid = c.guid AND b.app = c.app
    AND (b.n > c.n OR (b.n = c.n AND b.code > c.code))
)
GROUP BY app
HAVING count(*) >= 5
ORDER BY 2 DESC, 1
LIMIT 10
