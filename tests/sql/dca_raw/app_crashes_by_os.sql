SELECT
  coalesce(s.os, 'n/a'),
  count(DISTINCT s.guid),
  round(100.0 * count(DISTINCT e.guid) / count(DISTINCT s.guid), 2),
  round(count(e.guid) / nullif(count(DISTINCT e.guid), 0), 2)
FROM system_sysinfo_unique_normalized s
LEFT JOIN application_error_event_1000 e ON e.guid = s.guid
GROUP BY 1
HAVING count(DISTINCT s.guid) >= 50
