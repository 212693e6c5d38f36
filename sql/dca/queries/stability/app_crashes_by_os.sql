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
