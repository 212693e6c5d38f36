SELECT
  sysinfo_ram / 1024 AS ram_gb,
  count(DISTINCT guid),
  round(sum(nrs * avg_percentage_used) / sum(nrs)) AS avg_percentage_used
FROM system_memory_utilization
WHERE avg_percentage_used > 0
GROUP BY sysinfo_ram
ORDER BY sysinfo_ram
