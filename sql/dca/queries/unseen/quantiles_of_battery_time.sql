/*
question: >-
  How long do devices run on battery a day: the middle and the longest tenth, by
  form factor?
codename: BattQuant
type: aggregate
tables: [system_sysinfo_unique_normalized, system_batt_dc_events]
keys: [chassistype]
values:
  num_devices: {metric: relative_error, threshold: 0.25}
  middle_mins: {metric: relative_error, threshold: 0.25}
  high_mins: {metric: relative_error, threshold: 0.25}
devices: num_devices
*/
SELECT
  chassistype,
  count(*) AS num_devices,
  quantile_cont(duration_mins_per_day, 0.5) AS middle_mins,
  quantile_cont(duration_mins_per_day, 0.9) AS high_mins
FROM system_sysinfo_unique_normalized
JOIN system_batt_dc_events USING (guid)
GROUP BY chassistype
HAVING count(*) >= 50
ORDER BY chassistype
