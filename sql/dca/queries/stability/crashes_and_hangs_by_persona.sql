/*
question: Which kinds of use see both crashes and hangs, and how many of them?
codename: CrashHangPersona
type: aggregate
tables:
  - system_sysinfo_unique_normalized
  - application_error_event_1000
  - application_hang_event_1002
keys: [persona]
values:
  num_devices: {metric: relative_error, threshold: 0.25}
  pct_devices_both: {metric: relative_error, threshold: 0.25}
  crashes_per_device: {metric: relative_error, threshold: 0.25}
  hangs_per_device: {metric: relative_error, threshold: 0.25}
contributions:
  select: >-
    WITH crash AS (SELECT guid, sum(num_errors) AS crashes FROM
    application_error_event_1000 GROUP BY guid), hang AS (SELECT guid,
    sum(num_hangs) AS hangs FROM application_hang_event_1002 GROUP BY guid) SELECT
    guid, persona, crashes IS NOT NULL AND hangs IS NOT NULL AS both, crashes,
    hangs FROM system_sysinfo_unique_normalized LEFT JOIN crash USING (guid) LEFT
    JOIN hang USING (guid)
  keys:
    persona: system_sysinfo_unique_normalized.persona
  amounts: {both: 1, crashes: 20, hangs: 10}
  values:
    num_devices: devices
    pct_devices_both: [both, devices, 100]
    crashes_per_device: [crashes, devices]
    hangs_per_device: [hangs, devices]
  at_least: 50
*/
WITH crashes AS (
  SELECT guid, sum(num_errors) AS num_errors
  FROM application_error_event_1000
  GROUP BY guid
),
hangs AS (
  SELECT guid, sum(num_hangs) AS num_hangs
  FROM application_hang_event_1002
  GROUP BY guid
)
SELECT
  persona,
  count(*) AS num_devices,
  round(100.0 * count(num_errors + num_hangs) / count(*), 2) AS pct_devices_both,
  round(coalesce(sum(num_errors), 0) / count(*), 3) AS crashes_per_device,
  round(coalesce(sum(num_hangs), 0) / count(*), 3) AS hangs_per_device
FROM system_sysinfo_unique_normalized
LEFT JOIN crashes USING (guid)
LEFT JOIN hangs USING (guid)
GROUP BY persona
HAVING count(*) >= 50
ORDER BY persona
