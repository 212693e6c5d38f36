/*
question: In which countries do devices lose power or stop, rather than shut down?
codename: RestartGeo
type: geographic
tables: [system_sysinfo_unique_normalized, microsoft_windows_kernel_power_event_41]
keys: [countryname_normalized]
values:
  num_devices: {metric: relative_error, threshold: 0.25}
  pct_devices_affected: {metric: relative_error, threshold: 0.25}
  pct_power_loss: {metric: relative_error, threshold: 0.25}
contributions:
  select: >-
    SELECT guid, countryname_normalized, count(num_restarts) > 0 AS affected,
    sum(num_restarts) AS restarts, sum(num_restarts) FILTER (WHERE bugcheck_code =
    '0x0') AS losses FROM system_sysinfo_unique_normalized LEFT JOIN
    microsoft_windows_kernel_power_event_41 USING (guid) GROUP BY ALL
  keys:
    countryname_normalized: system_sysinfo_unique_normalized.countryname_normalized
  amounts: {affected: 1, restarts: 10, losses: 10}
  values:
    num_devices: devices
    pct_devices_affected: [affected, devices, 100]
    pct_power_loss: [losses, restarts, 100]
  at_least: 100
*/
WITH restarts AS (
  SELECT
    guid,
    sum(num_restarts) AS num_restarts,
    sum(CASE WHEN bugcheck_code = '0x0' THEN num_restarts ELSE 0 END) AS num_losses
  FROM microsoft_windows_kernel_power_event_41
  GROUP BY guid
)
SELECT
  countryname_normalized,
  count(*) AS num_devices,
  round(100.0 * count(num_restarts) / count(*), 2) AS pct_devices_affected,
  round(100.0 * sum(num_losses) / sum(num_restarts), 2) AS pct_power_loss
FROM system_sysinfo_unique_normalized
LEFT JOIN restarts USING (guid)
GROUP BY countryname_normalized
HAVING count(*) >= 100
ORDER BY pct_devices_affected DESC, countryname_normalized
