/*
question: With which exception does each listed application mostly crash?
codename: ExceptionPivot
type: pivot
tables: [application_error_event_1000]
keys: [app_name]
values:
  num_devices: {metric: relative_error, threshold: 0.25}
  pct_access_violation: {metric: relative_error, threshold: 0.25}
  pct_fail_fast: {metric: relative_error, threshold: 0.25}
  pct_managed: {metric: relative_error, threshold: 0.25}
contributions:
  select: >-
    SELECT guid, app_name, exception_code = 'c0000005' AS violation,
    exception_code = 'c0000409' AS fail_fast, exception_code = 'e0434352' AS
    managed FROM application_error_event_1000 WHERE app_name <> 'Other'
  keys:
    app_name: application_error_event_1000.app_name
  max_cells: 2
  amounts: {violation: 1, fail_fast: 1, managed: 1}
  values:
    num_devices: devices
    pct_access_violation: [violation, devices, 100]
    pct_fail_fast: [fail_fast, devices, 100]
    pct_managed: [managed, devices, 100]
  at_least: 20
*/
SELECT
  app_name,
  count(*) AS num_devices,
  round(100.0 * count(*) FILTER (WHERE exception_code = 'c0000005') / count(*), 2)
    AS pct_access_violation,
  round(100.0 * count(*) FILTER (WHERE exception_code = 'c0000409') / count(*), 2)
    AS pct_fail_fast,
  round(100.0 * count(*) FILTER (WHERE exception_code = 'e0434352') / count(*), 2)
    AS pct_managed
FROM application_error_event_1000
WHERE app_name <> 'Other'
GROUP BY app_name
HAVING count(*) >= 20
ORDER BY app_name
