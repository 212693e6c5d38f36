SELECT
  coalesce(s.chassistype, 'Other'),
  count(DISTINCT k.guid),
  round(100 * avg(CASE WHEN k.bugcheck_code = 0 THEN 1 ELSE 0 END), 2),
  round(100 * avg(CASE WHEN k.power_button_timestamp > 0 THEN 1 ELSE 0 END), 2),
  round(100 * avg(CASE WHEN k.sleep_in_progress > 0 THEN 1 ELSE 0 END), 2)
FROM microsoft_windows_kernel_power_event_41 k
JOIN system_sysinfo_unique_normalized s ON s.guid = k.guid
GROUP BY 1
HAVING count(DISTINCT k.guid) >= 20
