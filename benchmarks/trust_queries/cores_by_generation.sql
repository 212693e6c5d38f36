SELECT
  cpu_generation,
  count(*) AS num_devices,
  avg(mean_active_cores) AS mean_active_cores
FROM system_sysinfo_unique_normalized
JOIN hw_cpu_frequency USING (guid)
GROUP BY cpu_generation
ORDER BY cpu_generation
