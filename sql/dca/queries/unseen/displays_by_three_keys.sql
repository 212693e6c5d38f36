/*
question: >-
  How many devices have displays of each connection and resolution, by form factor?
codename: ShowThree
type: aggregate
tables: [system_sysinfo_unique_normalized, system_display_devices]
keys: [chassistype, connection_type, resolution]
values:
  num_devices: {metric: relative_error, threshold: 0.25}
  battery_s: {metric: relative_error, threshold: 0.25}
devices: num_devices
*/
SELECT
  chassistype,
  connection_type,
  resolution,
  count(*) AS num_devices,
  sum(num_intervals * dc_s) / sum(num_intervals) AS battery_s
FROM system_sysinfo_unique_normalized
JOIN system_display_devices USING (guid)
WHERE resolution <> 'Other'
GROUP BY chassistype, connection_type, resolution
HAVING count(*) >= 50
ORDER BY chassistype, connection_type, resolution
