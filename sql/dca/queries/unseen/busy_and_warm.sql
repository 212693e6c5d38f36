/*
question: >-
  How are residency of C0 and temperature correlated (one more than the
  correlation), by form factor?
codename: BusyWarm
type: aggregate
tables: [system_sysinfo_unique_normalized, system_pkg_C0, system_pkg_temp_centigrade]
keys: [chassistype]
values:
  num_devices: {metric: relative_error, threshold: 0.25}
  one_plus_correlation: {metric: relative_error, threshold: 0.1}
devices: num_devices
*/
SELECT
  chassistype,
  count(*) AS num_devices,
  1 + corr(avg_pkg_c0, avg_temp_centigrade) AS one_plus_correlation
FROM system_sysinfo_unique_normalized
JOIN system_pkg_C0 USING (guid)
JOIN system_pkg_temp_centigrade USING (guid)
GROUP BY chassistype
HAVING count(*) >= 50
ORDER BY chassistype
