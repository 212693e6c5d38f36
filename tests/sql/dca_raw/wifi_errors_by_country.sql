SELECT
  coalesce(s.countryname_normalized, 'Other'),
  count(DISTINCT s.guid),
  round(100.0 * count(DISTINCT w.guid) / count(DISTINCT s.guid), 2),
  round(sum(w.error_count) / nullif(count(DISTINCT w.guid), 0), 2)
FROM system_sysinfo_unique_normalized s
LEFT JOIN wifi_error w ON w.guid = s.guid AND w.error_count > 0
GROUP BY 1
HAVING count(DISTINCT s.guid) >= 50
