/*
question: >-
  What share of the devices above half residency of C0 is warmer than 60 degrees, by
  processor generation?
codename: HotShare
type: aggregate
tables: [system_sysinfo_unique_normalized, system_pkg_C0, system_pkg_temp_centigrade]
keys: [cpu_generation]
values:
  num_devices: {metric: relative_error, threshold: 0.25}
  pct_hot: {metric: relative_error, threshold: 0.25}
devices: num_devices
*/
SELECT
  cpu_generation,
  count(*) AS num_devices,
  100.0 * count(*) FILTER (WHERE avg_temp_centigrade > 60) / count(*) AS pct_hot
FROM system_sysinfo_unique_normalized
JOIN system_pkg_C0 USING (guid)
JOIN system_pkg_temp_centigrade USING (guid)
WHERE avg_pkg_c0 > 50
GROUP BY cpu_generation
HAVING count(*) >= 50
ORDER BY cpu_generation
