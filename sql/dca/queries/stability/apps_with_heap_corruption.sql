/*
question: In which ten listed applications do crashes mostly come from a corrupt heap?
codename: HeapRank
type: topk
rare: true
coverage: 0.3
tables: [application_error_event_1000]
keys: [app_name]
values:
  num_devices: {metric: spearman, threshold: 0.5}
contributions:
  select: >-
    SELECT guid, app_name FROM application_error_event_1000 WHERE app_name <>
    'Other' AND exception_code = 'c0000374'
  keys:
    app_name: application_error_event_1000.app_name
  values:
    num_devices: devices
  at_least: 5
  top: {by: num_devices, limit: 10}
*/
SELECT app_name, count(*) AS num_devices
FROM application_error_event_1000
WHERE app_name <> 'Other' AND exception_code = 'c0000374'
GROUP BY app_name
HAVING count(*) >= 5
ORDER BY num_devices DESC, app_name
LIMIT 10
