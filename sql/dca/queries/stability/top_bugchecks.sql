/*
question: Which ten listed stop codes bring down the most devices?
codename: BugcheckRank
type: topk
tables: [microsoft_windows_kernel_power_event_41]
keys: [bugcheck_code]
values:
  num_devices: {metric: spearman, threshold: 0.5}
  num_restarts: {metric: spearman, threshold: 0.5}
contributions:
  select: >-
    SELECT guid, bugcheck_code, num_restarts AS restarts FROM
    microsoft_windows_kernel_power_event_41 WHERE bugcheck_code NOT IN ('0x0',
    'Other')
  keys:
    bugcheck_code: microsoft_windows_kernel_power_event_41.bugcheck_code
  max_cells: 2
  amounts: {restarts: 10}
  values:
    num_devices: devices
    num_restarts: restarts
  at_least: 10
  top: {by: num_devices, limit: 10}
*/
SELECT bugcheck_code, count(*) AS num_devices, sum(num_restarts) AS num_restarts
FROM microsoft_windows_kernel_power_event_41
WHERE bugcheck_code NOT IN ('0x0', 'Other')
GROUP BY bugcheck_code
HAVING count(*) >= 10
ORDER BY num_devices DESC, bugcheck_code
LIMIT 10
