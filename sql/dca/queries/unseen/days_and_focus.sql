/*
question: >-
  How are days of use and time in focus of an application correlated (one more than
  the correlation), by kind?
codename: DayFocus
type: aggregate
tables: [system_frgnd_apps_types]
keys: [app_type]
values:
  num_devices: {metric: relative_error, threshold: 0.25}
  one_plus_correlation: {metric: relative_error, threshold: 0.1}
devices: num_devices
*/
SELECT
  app_type,
  count(DISTINCT guid) AS num_devices,
  1 + corr(ln(num_days), ln(focal_s_per_day)) AS one_plus_correlation
FROM system_frgnd_apps_types
WHERE num_days > 0 AND focal_s_per_day > 0
GROUP BY app_type
HAVING count(DISTINCT guid) >= 50
ORDER BY app_type
