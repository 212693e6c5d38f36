/*
question: Which form factors have devices whose cores reach 95 degrees?
codename: Overheat
type: aggregate
rare: true
tables: [system_sysinfo_unique_normalized, power_acdc_usage_v4_hist]
keys: [chassistype]
values:
  num_devices: {metric: relative_error, threshold: 0.25}
  pct_devices_hot: {metric: relative_error, threshold: 0.25}
contributions:
  select: >-
    SELECT guid, chassistype, max_temp_celsius >= 95 AS hot FROM
    system_sysinfo_unique_normalized JOIN power_acdc_usage_v4_hist USING (guid)
    WHERE max_temp_celsius IS NOT NULL
  keys:
    chassistype: system_sysinfo_unique_normalized.chassistype
  amounts: {hot: 1}
  values:
    num_devices: devices
    pct_devices_hot: [hot, devices, 100]
  at_least: 20
*/
SELECT
  chassistype,
  count(*) AS num_devices,
  round(100.0 * count(*) FILTER (WHERE max_temp_celsius >= 95) / count(*), 2)
    AS pct_devices_hot
FROM system_sysinfo_unique_normalized
JOIN power_acdc_usage_v4_hist USING (guid)
WHERE max_temp_celsius IS NOT NULL
GROUP BY chassistype
HAVING count(*) >= 20
ORDER BY chassistype
