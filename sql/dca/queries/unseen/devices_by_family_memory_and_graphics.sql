/*
question: >-
  How many devices are there of each processor family, size of memory and with or
  without discrete graphics?
codename: FamMemGpu
type: aggregate
tables: [system_sysinfo_unique_normalized]
keys: [cpu_family, ram_gb, discretegraphics]
values:
  num_devices: {metric: relative_error, threshold: 0.25}
  days_reported: {metric: relative_error, threshold: 0.25}
devices: num_devices
*/
SELECT
  cpu_family,
  ram_gb,
  discretegraphics,
  count(*) AS num_devices,
  avg(days_reported) AS days_reported
FROM system_sysinfo_unique_normalized
GROUP BY cpu_family, ram_gb, discretegraphics
HAVING count(*) >= 50
ORDER BY cpu_family, ram_gb, discretegraphics
