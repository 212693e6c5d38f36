/*
question: How many days pass between unclean restarts, by how long a device has reported?
codename: RestartAge
type: aggregate
tables: [system_sysinfo_unique_normalized, microsoft_windows_kernel_power_event_41]
keys: [age]
values:
  num_devices: {metric: relative_error, threshold: 0.25}
  num_restarts: {metric: relative_error, threshold: 0.25}
  days_between_restarts: {metric: relative_error, threshold: 0.25}
contributions:
  select: >-
    SELECT guid, CASE WHEN days_reported < 90 THEN '0 to 89 days' WHEN
    days_reported < 365 THEN '90 to 364 days' WHEN days_reported < 730 THEN '365
    to 729 days' ELSE '730 days and more' END AS age, sum(num_restarts) AS
    restarts, any_value(days_reported) AS days FROM
    system_sysinfo_unique_normalized LEFT JOIN
    microsoft_windows_kernel_power_event_41 USING (guid) WHERE days_reported IS
    NOT NULL GROUP BY ALL
  keys:
    age: [0 to 89 days, 90 to 364 days, 365 to 729 days, 730 days and more]
  amounts: {restarts: 10, days: 1500}
  values:
    num_devices: devices
    num_restarts: restarts
    days_between_restarts: [days, restarts]
  at_least: 50
*/
WITH restarts AS (
  SELECT guid, sum(num_restarts) AS num_restarts
  FROM microsoft_windows_kernel_power_event_41
  GROUP BY guid
)
SELECT
  CASE
    WHEN days_reported < 90 THEN '0 to 89 days'
    WHEN days_reported < 365 THEN '90 to 364 days'
    WHEN days_reported < 730 THEN '365 to 729 days'
    ELSE '730 days and more'
  END AS age,
  count(*) AS num_devices,
  coalesce(sum(num_restarts), 0) AS num_restarts,
  round(sum(days_reported) / sum(num_restarts), 2) AS days_between_restarts
FROM system_sysinfo_unique_normalized
LEFT JOIN restarts USING (guid)
WHERE days_reported IS NOT NULL
GROUP BY age
HAVING count(*) >= 50
ORDER BY age
