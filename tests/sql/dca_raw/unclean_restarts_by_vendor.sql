SELECT
  coalesce(s.modelvendor_normalized, 'Unknown'),
  count(DISTINCT s.guid),
  round(100.0 * count(DISTINCT k.guid) / count(DISTINCT s.guid), 2),
  round(count(k.guid) / count(DISTINCT s.guid), 3)
FROM system_sysinfo_unique_normalized s
LEFT JOIN microsoft_windows_kernel_power_event_41 k ON k.guid = s.guid
GROUP BY 1
HAVING count(DISTINCT s.guid) >= 50
