/*
question: In which countries do applications crash most?
codename: CrashGeo
type: geographic
tables: [system_sysinfo_unique_normalized, application_error_event_1000]
keys: [countryname_normalized]
values:
  num_devices: {metric: relative_error, threshold: 0.25}
  crashes_per_device: {metric: relative_error, threshold: 0.25}
  apps_per_device: {metric: relative_error, threshold: 0.25}
contributions:
  select: >-
    SELECT guid, countryname_normalized, sum(num_errors) AS crashes,
    count(app_name) AS apps FROM system_sysinfo_unique_normalized LEFT JOIN
    application_error_event_1000 USING (guid) GROUP BY ALL
  keys:
    countryname_normalized: system_sysinfo_unique_normalized.countryname_normalized
  amounts: {crashes: 20, apps: 4}
  values:
    num_devices: devices
    crashes_per_device: [crashes, devices]
    apps_per_device: [apps, devices]
  at_least: 100
*/
SELECT
  countryname_normalized,
  count(DISTINCT guid) AS num_devices,
  round(coalesce(sum(num_errors), 0) / count(DISTINCT guid), 3) AS crashes_per_device,
  round(count(app_name) / count(DISTINCT guid), 3) AS apps_per_device
FROM system_sysinfo_unique_normalized
LEFT JOIN application_error_event_1000 USING (guid)
GROUP BY countryname_normalized
HAVING count(DISTINCT guid) >= 100
ORDER BY crashes_per_device DESC, countryname_normalized
