/*
question: >-
  How warm are the warmest devices of each processor family?
codename: HotQuant
type: aggregate
tables: [system_sysinfo_unique_normalized, system_pkg_temp_centigrade]
keys: [cpu_family]
values:
  num_devices: {metric: relative_error, threshold: 0.25}
  middle_celsius: {metric: relative_error, threshold: 0.1}
  high_celsius: {metric: relative_error, threshold: 0.1}
devices: num_devices
*/
SELECT
  cpu_family,
  count(*) AS num_devices,
  quantile_cont(avg_temp_centigrade, 0.5) AS middle_celsius,
  quantile_cont(avg_temp_centigrade, 0.95) AS high_celsius
FROM system_sysinfo_unique_normalized
JOIN system_pkg_temp_centigrade USING (guid)
GROUP BY cpu_family
HAVING count(*) >= 50
ORDER BY cpu_family
