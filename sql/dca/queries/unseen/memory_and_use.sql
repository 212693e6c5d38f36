/*
question: >-
  How are the size of memory and the share in use correlated (one more than the
  correlation), by Windows version?
codename: MemSlope
type: aggregate
tables: [system_sysinfo_unique_normalized, system_memory_utilization]
keys: [os]
values:
  num_devices: {metric: relative_error, threshold: 0.25}
  one_plus_correlation: {metric: relative_error, threshold: 0.1}
devices: num_devices
*/
SELECT
  os,
  count(*) AS num_devices,
  1 + corr(ln(ram_gb), avg_percentage_used) AS one_plus_correlation
FROM system_sysinfo_unique_normalized
JOIN system_memory_utilization USING (guid)
WHERE ram_gb > 0
GROUP BY os
HAVING count(*) >= 50
ORDER BY os
