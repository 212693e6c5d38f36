/*
question: >-
  How many devices have each application in focus, on how many days, and for how
  long a day?
codename: AppUse
type: aggregate
tables: [system_frgnd_apps_types]
keys: [exe_name]
values:
  num_devices: {metric: relative_error, threshold: 0.25}
  days_per_device: {metric: relative_error, threshold: 0.25}
  focal_s_per_day: {metric: relative_error, threshold: 0.25}
devices: num_devices
*/
SELECT
  exe_name,
  count(DISTINCT guid) AS num_devices,
  sum(num_days) / num_devices AS days_per_device,
  sum(num_days * focal_s_per_day) / sum(num_days) AS focal_s_per_day
FROM system_frgnd_apps_types
WHERE exe_name <> 'Other'
GROUP BY exe_name
HAVING count(DISTINCT guid) >= 50
ORDER BY exe_name
