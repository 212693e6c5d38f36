/*
question: On which Windows version do applications crash most?
codename: CrashOs
type: aggregate
tables: [system_sysinfo_unique_normalized, application_error_event_1000]
keys: [os]
values:
  num_devices: {metric: relative_error, threshold: 0.25}
  pct_devices_affected: {metric: relative_error, threshold: 0.25}
  crashes_per_affected_device: {metric: relative_error, threshold: 0.25}
contributions:
  select: >-
    SELECT guid, os, count(app_name) > 0 AS affected, sum(num_errors) AS crashes
    FROM system_sysinfo_unique_normalized LEFT JOIN application_error_event_1000
    USING (guid) GROUP BY ALL
  keys:
    os: system_sysinfo_unique_normalized.os
  amounts: {affected: 1, crashes: 20}
  values:
    num_devices: devices
    pct_devices_affected: [affected, devices, 100]
    crashes_per_affected_device: [crashes, affected]
  at_least: 50
*/
WITH crashes AS (
  SELECT guid, sum(num_errors) AS num_errors
  FROM application_error_event_1000
  GROUP BY guid
)
SELECT
  os,
  count(*) AS num_devices,
  round(100.0 * count(num_errors) / count(*), 2) AS pct_devices_affected,
  round(avg(num_errors), 2) AS crashes_per_affected_device
FROM system_sysinfo_unique_normalized
LEFT JOIN crashes USING (guid)
GROUP BY os
HAVING count(*) >= 50
ORDER BY os
