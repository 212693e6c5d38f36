/*
question: How many hours a day run on mains power and on battery, by form factor?
codename: BatteryChassis
type: aggregate
tables: [system_sysinfo_unique_normalized, power_acdc_usage_v4_hist]
keys: [chassistype]
values:
  num_devices: {metric: relative_error, threshold: 0.25}
  ac_h_per_day: {metric: relative_error, threshold: 0.25}
  dc_h_per_day: {metric: relative_error, threshold: 0.25}
contributions:
  select: >-
    SELECT guid, chassistype, num_days AS days, ac_h, dc_h FROM
    system_sysinfo_unique_normalized JOIN power_acdc_usage_v4_hist USING (guid)
  keys:
    chassistype: system_sysinfo_unique_normalized.chassistype
  amounts: {days: 60, ac_h: 500, dc_h: 200}
  values:
    num_devices: devices
    ac_h_per_day: [ac_h, days]
    dc_h_per_day: [dc_h, days]
  at_least: 20
*/
SELECT
  chassistype,
  count(*) AS num_devices,
  round(sum(ac_h) / sum(num_days), 3) AS ac_h_per_day,
  round(sum(dc_h) / sum(num_days), 3) AS dc_h_per_day
FROM system_sysinfo_unique_normalized
JOIN power_acdc_usage_v4_hist USING (guid)
GROUP BY chassistype
HAVING count(*) >= 20
ORDER BY chassistype
