/*
question: How are application crashes spread over the devices that have any?
codename: CrashHist
type: histogram
tables: [application_error_event_1000]
keys: [crashes_from]
values:
  num_devices: {metric: total_variation, threshold: 0.15}
  apps_per_device: {metric: relative_error, threshold: 0.25}
contributions:
  select: >-
    SELECT guid, CASE WHEN sum(num_errors) >= 256 THEN 256 WHEN sum(num_errors) >=
    64 THEN 64 WHEN sum(num_errors) >= 16 THEN 16 WHEN sum(num_errors) >= 4 THEN 4
    WHEN sum(num_errors) >= 2 THEN 2 ELSE 1 END AS crashes_from, count(*) AS apps
    FROM application_error_event_1000 GROUP BY guid
  keys:
    crashes_from: [1, 2, 4, 16, 64, 256]
  amounts: {apps: 4}
  values:
    num_devices: devices
    apps_per_device: [apps, devices]
*/
WITH crashes AS (
  SELECT guid, sum(num_errors) AS num_errors, count(*) AS num_apps
  FROM application_error_event_1000
  GROUP BY guid
)
SELECT
  CASE
    WHEN num_errors >= 256 THEN 256
    WHEN num_errors >= 64 THEN 64
    WHEN num_errors >= 16 THEN 16
    WHEN num_errors >= 4 THEN 4
    WHEN num_errors >= 2 THEN 2
    ELSE 1
  END AS crashes_from,
  count(*) AS num_devices,
  round(avg(num_apps), 3) AS apps_per_device
FROM crashes
GROUP BY crashes_from
ORDER BY crashes_from
