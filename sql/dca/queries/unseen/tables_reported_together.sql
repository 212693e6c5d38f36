/*
question: >-
  How many devices report readings of power, temperature and frequency together?
codename: TwoTables
type: aggregate
tables: [system_sysinfo_unique_normalized, system_psys_rap_watts,
  system_pkg_temp_centigrade, system_pkg_avg_freq_mhz]
keys: [reports_power, reports_temperature, reports_frequency]
values:
  num_devices: {metric: relative_error, threshold: 0.25}
devices: num_devices
*/
SELECT
  power.guid IS NOT NULL AS reports_power,
  temperature.guid IS NOT NULL AS reports_temperature,
  frequency.guid IS NOT NULL AS reports_frequency,
  count(*) AS num_devices
FROM system_sysinfo_unique_normalized AS device
LEFT JOIN system_psys_rap_watts AS power USING (guid)
LEFT JOIN system_pkg_temp_centigrade AS temperature USING (guid)
LEFT JOIN system_pkg_avg_freq_mhz AS frequency USING (guid)
GROUP BY reports_power, reports_temperature, reports_frequency
ORDER BY reports_power, reports_temperature, reports_frequency
