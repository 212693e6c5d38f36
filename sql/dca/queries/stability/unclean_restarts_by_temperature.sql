/*
question: >-
  Do hot devices restart uncleanly more often, with at most 20 restarts counted of a
  device?
codename: HotRestart
type: aggregate
tables: [power_acdc_usage_v4_hist, microsoft_windows_kernel_power_event_41]
keys: [temp_from_celsius]
values:
  num_devices: {metric: relative_error, threshold: 0.25}
  pct_devices_affected: {metric: relative_error, threshold: 0.25}
  restarts_per_device: {metric: relative_error, threshold: 0.25}
contributions:
  select: >-
    SELECT guid, CAST(10 * floor(temp_celsius / 10) AS BIGINT) AS
    temp_from_celsius, count(num_restarts) > 0 AS affected,
    least(sum(num_restarts), 20) AS restarts FROM power_acdc_usage_v4_hist LEFT
    JOIN microsoft_windows_kernel_power_event_41 USING (guid) WHERE temp_celsius
    IS NOT NULL GROUP BY ALL
  keys:
    temp_from_celsius: [20, 30, 40, 50, 60, 70, 80, 90, 100]
  amounts: {affected: 1, restarts: 10}
  values:
    num_devices: devices
    pct_devices_affected: [affected, devices, 100]
    restarts_per_device: [restarts, devices]
  at_least: 20
*/
WITH restarts AS (
  SELECT guid, least(sum(num_restarts), 20) AS num_restarts
  FROM microsoft_windows_kernel_power_event_41
  GROUP BY guid
)
SELECT
  CAST(10 * floor(temp_celsius / 10) AS BIGINT) AS temp_from_celsius,
  count(*) AS num_devices,
  round(100.0 * count(num_restarts) / count(*), 2) AS pct_devices_affected,
  round(coalesce(sum(num_restarts), 0) / count(*), 3) AS restarts_per_device
FROM power_acdc_usage_v4_hist
LEFT JOIN restarts USING (guid)
WHERE temp_celsius IS NOT NULL
GROUP BY temp_from_celsius
HAVING count(*) >= 20
ORDER BY temp_from_celsius
