/*
question: What are unclean restarts made of, by stop code?
codename: BugcheckMix
type: histogram
tables: [microsoft_windows_kernel_power_event_41]
keys: [bugcheck_code]
values:
  num_devices: {metric: total_variation, threshold: 0.15}
  pct_restarts: {metric: total_variation, threshold: 0.15}
contributions:
  select: >-
    SELECT guid, bugcheck_code, num_restarts AS restarts FROM
    microsoft_windows_kernel_power_event_41
  keys:
    bugcheck_code: microsoft_windows_kernel_power_event_41.bugcheck_code
  max_cells: 2
  amounts: {restarts: 10}
  values:
    num_devices: devices
    pct_restarts: {share: restarts}
*/
SELECT
  bugcheck_code,
  count(*) AS num_devices,
  round(100.0 * sum(num_restarts) / sum(sum(num_restarts)) OVER (), 2) AS pct_restarts
FROM microsoft_windows_kernel_power_event_41
WHERE bugcheck_code IS NOT NULL
GROUP BY bugcheck_code
ORDER BY bugcheck_code
