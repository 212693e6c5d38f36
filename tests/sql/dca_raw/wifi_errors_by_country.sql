WITH errors AS (
  SELECT guid, CASE WHEN sum(error_count) > 1000 THEN 1000 ELSE sum(error_count) END AS n
  FROM wifi_error
  WHERE error_count > 0
  GROUP BY guid
)
SELECT
  coalesce(s.countryname_normalized, 'Other'),
  count(*),
  round(100.0 * count(e.n) / count(*), 2),
  round(sum(e.n) / count(e.n), 2)
FROM system_sysinfo_unique_normalized s
LEFT JOIN errors e ON e.guid = s.guid
GROUP BY 1
HAVING count(*) >= 100
