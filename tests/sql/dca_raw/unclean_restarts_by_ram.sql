SELECT
  CAST(round(s.ram) AS INTEGER),
  count(DISTINCT k.guid),
  round(count(*) / count(DISTINCT k.guid), 3)
FROM microsoft_windows_kernel_power_event_41 k
JOIN system_sysinfo_unique_normalized s ON s.guid = k.guid
WHERE s.ram >= 0.5 AND s.ram <= 1e9
GROUP BY 1
HAVING count(DISTINCT k.guid) >= 20
