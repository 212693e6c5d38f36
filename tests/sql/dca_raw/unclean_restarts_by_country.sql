SELECT
  coalesce(s.countryname_normalized, 'Other'),
  count(DISTINCT s.guid),
  round(100.0 * count(DISTINCT k.guid) / count(DISTINCT s.guid), 2),
  round(
    100.0 * count(CASE WHEN k.bugcheck_code = 0 THEN 1 END) / nullif(count(k.guid), 0), 2
  )
FROM system_sysinfo_unique_normalized s
LEFT JOIN microsoft_windows_kernel_power_event_41 k ON k.guid = s.guid
GROUP BY 1
HAVING count(DISTINCT s.guid) >= 100
