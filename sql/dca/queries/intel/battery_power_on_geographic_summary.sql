/*
question: >-
  How often and how long are devices of each country on battery, on days when they
  are?
codename: BatteryGeo
type: geographic
tables: [system_sysinfo_unique_normalized, system_batt_dc_events]
keys: [country]
values:
  number_of_systems: {metric: relative_error, threshold: 0.25}
  avg_number_of_dc_powerons: {metric: relative_error, threshold: 0.25}
  avg_duration: {metric: relative_error, threshold: 0.25}
contributions:
  select: >-
    SELECT guid, countryname_normalized AS country, least(num_days, 60) AS days,
    least(num_days, 60) * power_ons_per_day AS power_ons, least(num_days, 60) *
    duration_mins_per_day AS minutes FROM system_sysinfo_unique_normalized JOIN
    system_batt_dc_events USING (guid)
  keys:
    country: system_sysinfo_unique_normalized.countryname_normalized
  amounts: {days: 60, power_ons: 300, minutes: 30000}
  values:
    number_of_systems: devices
    avg_number_of_dc_powerons: [power_ons, days]
    avg_duration: [minutes, days]
  at_least: 101
*/
SELECT
  countryname_normalized AS country,
  count(*) AS number_of_systems,
  sum(num_days * power_ons_per_day) / sum(num_days) AS avg_number_of_dc_powerons,
  sum(num_days * duration_mins_per_day) / sum(num_days) AS avg_duration
FROM system_sysinfo_unique_normalized
JOIN system_batt_dc_events USING (guid)
GROUP BY country
HAVING count(*) > 100
ORDER BY avg_number_of_dc_powerons DESC, country
