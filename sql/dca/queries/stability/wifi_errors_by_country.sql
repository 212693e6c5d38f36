/*
question: >-
  In which countries does Wi-Fi fail most, with at most 1000 errors counted of a device?
codename: WifiGeo
type: geographic
tables: [system_sysinfo_unique_normalized, wifi_error]
keys: [countryname_normalized]
values:
  num_devices: {metric: relative_error, threshold: 0.25}
  pct_devices_affected: {metric: relative_error, threshold: 0.25}
  errors_per_affected_device: {metric: relative_error, threshold: 0.25}
contributions:
  select: >-
    SELECT guid, countryname_normalized, count(num_errors) > 0 AS affected,
    least(sum(num_errors), 1000) AS errors FROM system_sysinfo_unique_normalized
    LEFT JOIN wifi_error USING (guid) GROUP BY ALL
  keys:
    countryname_normalized: system_sysinfo_unique_normalized.countryname_normalized
  amounts: {affected: 1, errors: 100}
  values:
    num_devices: devices
    pct_devices_affected: [affected, devices, 100]
    errors_per_affected_device: [errors, affected]
  at_least: 100
*/
WITH errors AS (
  SELECT guid, least(sum(num_errors), 1000) AS num_errors
  FROM wifi_error
  GROUP BY guid
)
SELECT
  countryname_normalized,
  count(*) AS num_devices,
  round(100.0 * count(num_errors) / count(*), 2) AS pct_devices_affected,
  round(avg(num_errors), 2) AS errors_per_affected_device
FROM system_sysinfo_unique_normalized
LEFT JOIN errors USING (guid)
GROUP BY countryname_normalized
HAVING count(*) >= 100
ORDER BY pct_devices_affected DESC, countryname_normalized
