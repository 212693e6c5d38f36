WITH hits AS (
  SELECT DISTINCT guid
  FROM microsoft_windows_kernel_power_event_41
  WHERE bugcheck_code = 278
)
SELECT s.discretegraphics, count(*), round(1000 * count(h.guid) / count(*), 3)
FROM system_sysinfo_unique_normalized s
LEFT JOIN hits h ON h.guid = s.guid
WHERE s.discretegraphics IN ('Y', 'N')
GROUP BY 1
HAVING count(*) >= 50
