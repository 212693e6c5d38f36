WITH total AS (
  SELECT
    count(DISTINCT guid) AS systems, count(*) AS instances, sum(duration_ms) AS duration
  FROM system_web_cat_usage
)
SELECT
  browser,
  round(100.0 * count(DISTINCT guid) / any_value(systems), 2) AS percent_systems,
  round(100.0 * count(*) / any_value(instances), 2) AS percent_instances,
  round(100.0 * sum(duration_ms) / any_value(duration), 2) AS percent_duration
FROM system_web_cat_usage, total
GROUP BY browser
