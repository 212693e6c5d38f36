/*
question: How much power, core residency, frequency and heat has each form factor?
codename: PlatformChassis
type: aggregate
tables: [system_sysinfo_unique_normalized, power_acdc_usage_v4_hist]
keys: [chassistype]
values:
  num_devices: {metric: relative_error, threshold: 0.25}
  avg_psys_power_w: {metric: relative_error, threshold: 0.25}
  avg_c0_pct: {metric: relative_error, threshold: 0.25}
  avg_freq_mhz: {metric: relative_error, threshold: 0.25}
  avg_temp_celsius: {metric: relative_error, threshold: 0.25}
contributions:
  select: >-
    SELECT guid, chassistype, least(psys_nrs, 50000) AS psys, least(psys_nrs,
    50000) * psys_power_w AS watts, least(c0_nrs, 50000) AS c0, least(c0_nrs,
    50000) * c0_pct AS residency, least(freq_nrs, 50000) AS freq, least(freq_nrs,
    50000) * freq_mhz AS cycles, least(temp_nrs, 50000) AS temp, least(temp_nrs,
    50000) * temp_celsius AS heat FROM system_sysinfo_unique_normalized JOIN
    power_acdc_usage_v4_hist USING (guid)
  keys:
    chassistype: system_sysinfo_unique_normalized.chassistype
  amounts:
    psys: 50000
    watts: 2500000
    c0: 50000
    residency: 5000000
    freq: 50000
    cycles: 200000000
    temp: 50000
    heat: 5000000
  values:
    num_devices: devices
    avg_psys_power_w: [watts, psys]
    avg_c0_pct: [residency, c0]
    avg_freq_mhz: [cycles, freq]
    avg_temp_celsius: [heat, temp]
  at_least: 20
*/
SELECT
  chassistype,
  count(*) AS num_devices,
  round(sum(psys_nrs * psys_power_w) / sum(psys_nrs), 3) AS avg_psys_power_w,
  round(sum(c0_nrs * c0_pct) / sum(c0_nrs), 3) AS avg_c0_pct,
  round(sum(freq_nrs * freq_mhz) / sum(freq_nrs), 2) AS avg_freq_mhz,
  round(sum(temp_nrs * temp_celsius) / sum(temp_nrs), 3) AS avg_temp_celsius
FROM system_sysinfo_unique_normalized
JOIN power_acdc_usage_v4_hist USING (guid)
GROUP BY chassistype
HAVING count(*) >= 20
ORDER BY chassistype
