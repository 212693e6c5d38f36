/*
question: >-
  How long a day is each kind of application in focus, by persona?
codename: KindFocus
type: aggregate
tables: [system_frgnd_apps_types, system_sysinfo_unique_normalized]
keys: [persona, app_type]
values:
  num_devices: {metric: relative_error, threshold: 0.25}
  applications_per_device: {metric: relative_error, threshold: 0.25}
  focal_s_per_day: {metric: relative_error, threshold: 0.25}
devices: num_devices
*/
SELECT
  persona,
  app_type,
  count(DISTINCT guid) AS num_devices,
  count(*) / num_devices AS applications_per_device,
  sum(num_days * focal_s_per_day) / sum(num_days) AS focal_s_per_day
FROM system_frgnd_apps_types
JOIN system_sysinfo_unique_normalized USING (guid)
GROUP BY persona, app_type
HAVING count(DISTINCT guid) >= 50
ORDER BY persona, app_type
