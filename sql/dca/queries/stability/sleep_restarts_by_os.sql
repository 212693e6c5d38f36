/*
question: On which Windows version do devices die during a sleep transition?
codename: SleepRestart
type: aggregate
rare: true
tables: [system_sysinfo_unique_normalized, microsoft_windows_kernel_power_event_41]
keys: [os]
values:
  num_devices: {metric: relative_error, threshold: 0.25}
  affected_per_1000: {metric: relative_error, threshold: 0.25}
contributions:
  select: >-
    SELECT guid, os, coalesce(bool_or(num_sleep_restarts > 0), false) AS affected
    FROM system_sysinfo_unique_normalized LEFT JOIN
    microsoft_windows_kernel_power_event_41 USING (guid) GROUP BY ALL
  keys:
    os: system_sysinfo_unique_normalized.os
  amounts: {affected: 1}
  values:
    num_devices: devices
    affected_per_1000: [affected, devices, 1000]
  at_least: 50
*/
SELECT
  os,
  count(DISTINCT guid) AS num_devices,
  round(1000.0 * count(DISTINCT guid) FILTER (WHERE num_sleep_restarts > 0)
    / count(DISTINCT guid), 3) AS affected_per_1000
FROM system_sysinfo_unique_normalized
LEFT JOIN microsoft_windows_kernel_power_event_41 USING (guid)
GROUP BY os
HAVING count(DISTINCT guid) >= 50
ORDER BY os
