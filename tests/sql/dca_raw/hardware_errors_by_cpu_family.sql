SELECT
  coalesce(cpu_family, 'Other'),
  sum(hit),
  round(1000 * avg(hit), 3)
FROM (
  SELECT
    s.cpu_family,
    CASE WHEN s.guid IN (
      SELECT guid FROM microsoft_windows_kernel_power_event_41 WHERE bugcheck_code = 292
    ) THEN 1 ELSE 0 END AS hit
  FROM system_sysinfo_unique_normalized s
)
GROUP BY 1
HAVING count(*) >= 50
