/*
question: >-
  What are the quartiles of the share of memory in use, by size of memory?
codename: MemQuant
type: aggregate
tables: [system_sysinfo_unique_normalized, system_memory_utilization]
keys: [ram_gb]
values:
  num_devices: {metric: relative_error, threshold: 0.25}
  lower_quartile: {metric: relative_error, threshold: 0.25}
  middle: {metric: relative_error, threshold: 0.25}
  upper_quartile: {metric: relative_error, threshold: 0.25}
devices: num_devices
*/
SELECT
  ram_gb,
  count(*) AS num_devices,
  quantile_cont(avg_percentage_used, 0.25) AS lower_quartile,
  quantile_cont(avg_percentage_used, 0.5) AS middle,
  quantile_cont(avg_percentage_used, 0.75) AS upper_quartile
FROM system_sysinfo_unique_normalized
JOIN system_memory_utilization USING (guid)
WHERE avg_percentage_used IS NOT NULL
GROUP BY ram_gb
HAVING count(*) >= 50
ORDER BY ram_gb
