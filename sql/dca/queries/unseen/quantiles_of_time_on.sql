/*
question: >-
  How many hours a day are devices on: quartiles, by persona?
codename: OnQuant
type: aggregate
tables: [system_sysinfo_unique_normalized, system_on_off_suspend_time_day]
keys: [persona]
values:
  num_devices: {metric: relative_error, threshold: 0.25}
  lower_h: {metric: relative_error, threshold: 0.25}
  middle_h: {metric: relative_error, threshold: 0.25}
  upper_h: {metric: relative_error, threshold: 0.25}
devices: num_devices
*/
SELECT
  persona,
  count(*) AS num_devices,
  quantile_cont(on_s, 0.25) / 3600 AS lower_h,
  quantile_cont(on_s, 0.5) / 3600 AS middle_h,
  quantile_cont(on_s, 0.75) / 3600 AS upper_h
FROM system_sysinfo_unique_normalized
JOIN system_on_off_suspend_time_day USING (guid)
GROUP BY persona
HAVING count(*) >= 50
ORDER BY persona
