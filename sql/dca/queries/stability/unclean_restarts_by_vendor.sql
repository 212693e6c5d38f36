/*
question: >-
  Which vendors' devices restart uncleanly most often, with at most 20 restarts counted
  of a device, so that one in a loop does not stand for its vendor?
codename: RestartVendor
type: aggregate
tables: [system_sysinfo_unique_normalized, microsoft_windows_kernel_power_event_41]
keys: [modelvendor_normalized]
values:
  num_devices: {metric: relative_error, threshold: 0.25}
  pct_devices_affected: {metric: relative_error, threshold: 0.25}
  restarts_per_device: {metric: relative_error, threshold: 0.25}
contributions:
  select: >-
    SELECT guid, modelvendor_normalized, count(num_restarts) > 0 AS affected,
    least(sum(num_restarts), 20) AS restarts FROM system_sysinfo_unique_normalized
    LEFT JOIN microsoft_windows_kernel_power_event_41 USING (guid) GROUP BY ALL
  keys:
    modelvendor_normalized: system_sysinfo_unique_normalized.modelvendor_normalized
  amounts: {affected: 1, restarts: 10}
  values:
    num_devices: devices
    pct_devices_affected: [affected, devices, 100]
    restarts_per_device: [restarts, devices]
  at_least: 100
*/
WITH restarts AS (
  SELECT guid, least(sum(num_restarts), 20) AS num_restarts
  FROM microsoft_windows_kernel_power_event_41
  GROUP BY guid
)
SELECT
  modelvendor_normalized,
  count(*) AS num_devices,
  round(100.0 * count(num_restarts) / count(*), 2) AS pct_devices_affected,
  round(coalesce(sum(num_restarts), 0) / count(*), 3) AS restarts_per_device
FROM system_sysinfo_unique_normalized
LEFT JOIN restarts USING (guid)
GROUP BY modelvendor_normalized
HAVING count(*) >= 100
ORDER BY restarts_per_device DESC, modelvendor_normalized
