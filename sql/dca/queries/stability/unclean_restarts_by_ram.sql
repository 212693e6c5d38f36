/*
question: How many devices restart uncleanly, and how often, by size of memory?
codename: RestartRam
type: histogram
tables: [system_sysinfo_unique_normalized, microsoft_windows_kernel_power_event_41]
keys: [ram_gb]
values:
  num_devices: {metric: total_variation, threshold: 0.15}
  restarts_per_device: {metric: relative_error, threshold: 0.25}
contributions:
  select: >-
    SELECT guid, ram_gb, sum(num_restarts) AS restarts FROM
    system_sysinfo_unique_normalized JOIN microsoft_windows_kernel_power_event_41
    USING (guid) WHERE ram_gb IS NOT NULL GROUP BY ALL
  keys:
    ram_gb: [1, 2, 3, 4, 6, 8, 12, 16, 20, 24, 32, 40, 48, 64, 96, 128]
  amounts: {restarts: 10}
  values:
    num_devices: devices
    restarts_per_device: [restarts, devices]
  at_least: 20
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
