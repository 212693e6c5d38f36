/*
question: >-
  How many devices drive a display of each resolution, in how many intervals?
codename: ResUse
type: aggregate
tables: [system_display_devices]
keys: [resolution]
values:
  num_devices: {metric: relative_error, threshold: 0.25}
  intervals_per_device: {metric: relative_error, threshold: 0.25}
  mains_s: {metric: relative_error, threshold: 0.25}
devices: num_devices
*/
SELECT
  resolution,
  count(DISTINCT guid) AS num_devices,
  sum(num_intervals) / num_devices AS intervals_per_device,
  sum(num_intervals * ac_s) / sum(num_intervals) AS mains_s
FROM system_display_devices
WHERE resolution <> 'Other'
GROUP BY resolution
HAVING count(DISTINCT guid) >= 50
ORDER BY resolution
