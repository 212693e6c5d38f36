/*
question: How are unclean restarts spread over devices?
codename: RestartHist
type: histogram
tables: [system_sysinfo_unique_normalized, microsoft_windows_kernel_power_event_41]
keys: [restarts_band]
values:
  num_devices: {metric: total_variation, threshold: 0.15}
contributions:
  select: >-
    SELECT guid, CASE WHEN sum(num_restarts) IS NULL THEN '0' WHEN
    sum(num_restarts) = 1 THEN '1' WHEN sum(num_restarts) = 2 THEN '2' WHEN
    sum(num_restarts) <= 5 THEN '3 to 5' WHEN sum(num_restarts) <= 10 THEN '6 to
    10' ELSE '11 and more' END AS restarts_band FROM
    system_sysinfo_unique_normalized LEFT JOIN
    microsoft_windows_kernel_power_event_41 USING (guid) GROUP BY guid
  keys:
    restarts_band: ['0', '1', '2', 3 to 5, 6 to 10, 11 and more]
  values:
    num_devices: devices
*/
WITH restarts AS (
  SELECT guid, sum(num_restarts) AS num_restarts
  FROM microsoft_windows_kernel_power_event_41
  GROUP BY guid
)
SELECT
  CASE
    WHEN num_restarts IS NULL THEN '0'
    WHEN num_restarts = 1 THEN '1'
    WHEN num_restarts = 2 THEN '2'
    WHEN num_restarts <= 5 THEN '3 to 5'
    WHEN num_restarts <= 10 THEN '6 to 10'
    ELSE '11 and more'
  END AS restarts_band,
  count(*) AS num_devices
FROM system_sysinfo_unique_normalized
LEFT JOIN restarts USING (guid)
GROUP BY restarts_band
ORDER BY restarts_band
