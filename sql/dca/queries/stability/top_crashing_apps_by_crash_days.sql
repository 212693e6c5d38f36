/*
question: Which ten listed applications spoil the most device-days with crashes?
codename: CrashDayRank
type: topk
tables: [application_error_event_1000]
keys: [app_name]
values:
  crash_days: {metric: spearman, threshold: 0.5}
contributions:
  select: >-
    SELECT guid, app_name, num_days AS days FROM application_error_event_1000
    WHERE app_name <> 'Other'
  keys:
    app_name: application_error_event_1000.app_name
  max_cells: 2
  amounts: {days: 10}
  values:
    crash_days: days
  at_least: 20
  top: {by: crash_days, limit: 10}
*/
SELECT app_name, sum(num_days) AS crash_days
FROM application_error_event_1000
WHERE app_name <> 'Other'
GROUP BY app_name
HAVING count(*) >= 20
ORDER BY crash_days DESC, app_name
LIMIT 10
