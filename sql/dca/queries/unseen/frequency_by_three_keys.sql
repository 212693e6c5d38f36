/*
question: >-
  How fast do cores run, by form factor, processor generation and graphics?
codename: FreqThree
type: aggregate
tables: [system_sysinfo_unique_normalized, system_pkg_avg_freq_mhz]
keys: [chassistype, cpu_generation, discretegraphics]
values:
  num_devices: {metric: relative_error, threshold: 0.25}
  mean_mhz: {metric: relative_error, threshold: 0.1}
devices: num_devices
*/
SELECT
  chassistype,
  cpu_generation,
  discretegraphics,
  count(*) AS num_devices,
  avg(avg_avg_freq_mhz) AS mean_mhz
FROM system_sysinfo_unique_normalized
JOIN system_pkg_avg_freq_mhz USING (guid)
GROUP BY chassistype, cpu_generation, discretegraphics
HAVING count(*) >= 50
ORDER BY chassistype, cpu_generation, discretegraphics
