SELECT
  coalesce(s.modelvendor_normalized, 'Unknown'),
  count(DISTINCT s.guid),
  round(100.0 * count(DISTINCT k.guid) / count(DISTINCT s.guid), 2),
  round(sum(coalesce(k.n, 0)) / count(DISTINCT s.guid), 3)
FROM system_sysinfo_unique_normalized s
LEFT JOIN (
  SELECT guid, CASE WHEN count(*) > 20 THEN 20 ELSE count(*) END AS n
  FROM microsoft_windows_kernel_power_event_41
  GROUP BY guid
) k ON k.guid = s.guid
GROUP BY 1
HAVING count(DISTINCT s.guid) >= 100
