/*
question: >-
  How long do users of each browser and Windows version browse?
codename: BrowseOs
type: aggregate
tables: [system_web_cat_usage, system_sysinfo_unique_normalized]
keys: [browser, os]
values:
  num_devices: {metric: relative_error, threshold: 0.25}
  hours_per_device: {metric: relative_error, threshold: 0.25}
  median_hours: {metric: relative_error, threshold: 0.25}
devices: num_devices
*/
SELECT
  browser,
  os,
  count(*) AS num_devices,
  avg(duration_h) AS hours_per_device,
  median(duration_h) AS median_hours
FROM system_web_cat_usage
JOIN system_sysinfo_unique_normalized USING (guid)
GROUP BY browser, os
HAVING count(*) >= 50
ORDER BY browser, os
