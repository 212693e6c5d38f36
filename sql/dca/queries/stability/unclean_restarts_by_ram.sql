/*
question: How many devices restart uncleanly, and how often, by size of memory?
codename: RestartRam
type: histogram
tables: [system_sysinfo_unique_normalized, microsoft_windows_kernel_power_event_41]
keys: [ram_gb]
values:
  num_devices: {metric: total_variation, threshold: 0.15}
  restarts_per_device: {metric: relative_error, threshold: 0.25}
*/
WITH restarts AS (
  SELECT guid, sum(num_restarts) AS num_restarts
  FROM microsoft_windows_kernel_power_event_41
  GROUP BY guid
)
SELECT
  ram_gb,
  count(*) AS num_devices,
  round(avg(num_restarts), 3) AS restarts_per_device
FROM system_sysinfo_unique_normalized
JOIN restarts USING (guid)
WHERE ram_gb IS NOT NULL
GROUP BY ram_gb
HAVING count(*) >= 20
ORDER BY ram_gb
