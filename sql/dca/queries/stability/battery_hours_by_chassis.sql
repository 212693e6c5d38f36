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
