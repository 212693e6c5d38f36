/*
question: Which ten listed applications spoil the most device-days with crashes?
codename: CrashDayRank
type: topk
tables: [application_error_event_1000]
keys: [app_name]
values:
  crash_days: {metric: spearman, threshold: 0.5}
*/
SELECT app_name, sum(num_days) AS crash_days
FROM application_error_event_1000
WHERE app_name <> 'Other'
GROUP BY app_name
HAVING count(*) >= 20
ORDER BY crash_days DESC, app_name
LIMIT 10
