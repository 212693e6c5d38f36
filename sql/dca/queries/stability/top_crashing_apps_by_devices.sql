/*
question: Which ten listed applications crash on the most devices?
codename: CrashRank
type: topk
tables: [application_error_event_1000]
keys: [app_name]
values:
  num_devices: {metric: spearman, threshold: 0.5}
contributions:
  select: >-
    SELECT guid, app_name FROM application_error_event_1000 WHERE app_name <>
    'Other'
  keys:
    app_name: application_error_event_1000.app_name
  max_cells: 2
  values:
    num_devices: devices
  at_least: 20
  top: {by: num_devices, limit: 10}
*/
SELECT app_name, count(*) AS num_devices
FROM application_error_event_1000
WHERE app_name <> 'Other'
GROUP BY app_name
HAVING count(*) >= 20
ORDER BY num_devices DESC, app_name
LIMIT 10
