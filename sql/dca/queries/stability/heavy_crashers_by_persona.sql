/*
question: Which kinds of use have devices with 50 application crashes or more?
codename: HeavyCrash
type: aggregate
rare: true
tables: [system_sysinfo_unique_normalized, application_error_event_1000]
keys: [persona]
values:
  num_devices: {metric: relative_error, threshold: 0.25}
  heavy_per_1000: {metric: relative_error, threshold: 0.25}
contributions:
  select: >-
    SELECT guid, persona, coalesce(sum(num_errors) >= 50, false) AS heavy FROM
    system_sysinfo_unique_normalized LEFT JOIN application_error_event_1000 USING
    (guid) GROUP BY ALL
  keys:
    persona: system_sysinfo_unique_normalized.persona
  amounts: {heavy: 1}
  values:
    num_devices: devices
    heavy_per_1000: [heavy, devices, 1000]
  at_least: 50
*/
WITH crashes AS (
  SELECT guid, sum(num_errors) AS num_errors
  FROM application_error_event_1000
  GROUP BY guid
)
SELECT
  persona,
  count(*) AS num_devices,
  round(1000.0 * count(*) FILTER (WHERE num_errors >= 50) / count(*), 3)
    AS heavy_per_1000
FROM system_sysinfo_unique_normalized
LEFT JOIN crashes USING (guid)
GROUP BY persona
HAVING count(*) >= 50
ORDER BY persona
