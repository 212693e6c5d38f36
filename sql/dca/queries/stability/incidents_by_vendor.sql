/*
question: What share of each vendor's devices reports each kind of incident?
codename: IncidentPivot
type: pivot
tables:
  - system_sysinfo_unique_normalized
  - application_error_event_1000
  - application_hang_event_1002
  - microsoft_windows_kernel_power_event_41
  - wifi_error
keys: [modelvendor_normalized]
values:
  num_devices: {metric: relative_error, threshold: 0.25}
  pct_crash: {metric: relative_error, threshold: 0.25}
  pct_hang: {metric: relative_error, threshold: 0.25}
  pct_restart: {metric: relative_error, threshold: 0.25}
  pct_wifi: {metric: relative_error, threshold: 0.25}
contributions:
  select: >-
    SELECT guid, modelvendor_normalized, guid IN (SELECT guid FROM
    application_error_event_1000) AS crash, guid IN (SELECT guid FROM
    application_hang_event_1002) AS hang, guid IN (SELECT guid FROM
    microsoft_windows_kernel_power_event_41) AS restart, guid IN (SELECT guid FROM
    wifi_error) AS wifi FROM system_sysinfo_unique_normalized
  keys:
    modelvendor_normalized: system_sysinfo_unique_normalized.modelvendor_normalized
  amounts: {crash: 1, hang: 1, restart: 1, wifi: 1}
  values:
    num_devices: devices
    pct_crash: [crash, devices, 100]
    pct_hang: [hang, devices, 100]
    pct_restart: [restart, devices, 100]
    pct_wifi: [wifi, devices, 100]
  at_least: 100
*/
WITH crash AS (SELECT DISTINCT guid, 1 AS crash FROM application_error_event_1000),
hang AS (SELECT DISTINCT guid, 1 AS hang FROM application_hang_event_1002),
restart AS (
  SELECT DISTINCT guid, 1 AS restart FROM microsoft_windows_kernel_power_event_41
),
wifi AS (SELECT DISTINCT guid, 1 AS wifi FROM wifi_error)
SELECT
  modelvendor_normalized,
  count(*) AS num_devices,
  round(100.0 * count(crash) / count(*), 2) AS pct_crash,
  round(100.0 * count(hang) / count(*), 2) AS pct_hang,
  round(100.0 * count(restart) / count(*), 2) AS pct_restart,
  round(100.0 * count(wifi) / count(*), 2) AS pct_wifi
FROM system_sysinfo_unique_normalized
LEFT JOIN crash USING (guid)
LEFT JOIN hang USING (guid)
LEFT JOIN restart USING (guid)
LEFT JOIN wifi USING (guid)
GROUP BY modelvendor_normalized
HAVING count(*) >= 100
ORDER BY modelvendor_normalized
