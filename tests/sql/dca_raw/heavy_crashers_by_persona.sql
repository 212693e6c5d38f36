WITH heavy AS (
  SELECT guid FROM application_error_event_1000 GROUP BY guid HAVING count(*) > 49
)
SELECT coalesce(s.persona, 'Unknown'), count(*), round(1000 * count(h.guid) / count(*), 3)
FROM system_sysinfo_unique_normalized s
LEFT JOIN heavy h ON h.guid = s.guid
GROUP BY 1
HAVING count(*) >= 50
