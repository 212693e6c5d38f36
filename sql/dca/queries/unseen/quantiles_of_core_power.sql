/*
question: >-
  What is the middle and the highest tenth of core power, by form factor?
codename: PowerQuant
type: aggregate
tables: [system_sysinfo_unique_normalized, system_hw_pkg_power]
keys: [chassistype]
values:
  num_devices: {metric: relative_error, threshold: 0.25}
  middle_w: {metric: relative_error, threshold: 0.25}
  high_w: {metric: relative_error, threshold: 0.25}
devices: num_devices
*/
SELECT
  chassistype,
  count(*) AS num_devices,
  quantile_cont(mean_power_w, 0.5) AS middle_w,
  quantile_cont(mean_power_w, 0.9) AS high_w
FROM system_sysinfo_unique_normalized
JOIN system_hw_pkg_power USING (guid)
GROUP BY chassistype
HAVING count(*) >= 50
ORDER BY chassistype
