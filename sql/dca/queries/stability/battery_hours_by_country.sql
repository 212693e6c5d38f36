/*
question: What share of use is on battery, by country?
codename: BatteryGeo
type: geographic
tables: [system_sysinfo_unique_normalized, power_acdc_usage_v4_hist]
keys: [countryname_normalized]
values:
  num_devices: {metric: relative_error, threshold: 0.25}
  pct_battery: {metric: relative_error, threshold: 0.25}
contributions:
  select: >-
    SELECT guid, countryname_normalized, dc_h, ac_h + dc_h AS use_h FROM
    system_sysinfo_unique_normalized JOIN power_acdc_usage_v4_hist USING (guid)
    WHERE ac_h + dc_h > 0
  keys:
    countryname_normalized: system_sysinfo_unique_normalized.countryname_normalized
  amounts: {dc_h: 200, use_h: 500}
  values:
    num_devices: devices
    pct_battery: [dc_h, use_h, 100]
  at_least: 20
*/
SELECT
  countryname_normalized,
  count(*) AS num_devices,
  round(100 * sum(dc_h) / sum(ac_h + dc_h), 2) AS pct_battery
FROM system_sysinfo_unique_normalized
JOIN power_acdc_usage_v4_hist USING (guid)
WHERE ac_h + dc_h > 0
GROUP BY countryname_normalized
HAVING count(*) >= 20
ORDER BY pct_battery DESC, countryname_normalized
