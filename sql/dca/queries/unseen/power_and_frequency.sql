/*
question: >-
  How are the logarithm of platform power and frequency correlated (one more than
  the correlation)?
codename: PowerFreq
type: aggregate
tables: [system_sysinfo_unique_normalized, system_psys_rap_watts,
  system_pkg_avg_freq_mhz]
keys: [discretegraphics]
values:
  num_devices: {metric: relative_error, threshold: 0.25}
  one_plus_correlation: {metric: relative_error, threshold: 0.1}
devices: num_devices
*/
SELECT
  discretegraphics,
  count(*) AS num_devices,
  1 + corr(ln(avg_psys_rap_watts), avg_avg_freq_mhz) AS one_plus_correlation
FROM system_sysinfo_unique_normalized
JOIN system_psys_rap_watts USING (guid)
JOIN system_pkg_avg_freq_mhz USING (guid)
WHERE avg_psys_rap_watts > 0
GROUP BY discretegraphics
HAVING count(*) >= 50
ORDER BY discretegraphics
