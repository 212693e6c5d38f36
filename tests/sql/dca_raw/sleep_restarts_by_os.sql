SELECT
  coalesce(s.os, 'n/a'),
  count(*),
  round(1000 * count(CASE WHEN EXISTS (
    FROM microsoft_windows_kernel_power_event_41 k
    WHERE k.guid = s.guid AND k.sleep_in_progress > 0
  ) THEN 1 END) / count(*), 3)
FROM system_sysinfo_unique_normalized s
GROUP BY 1
HAVING count(*) >= 50
