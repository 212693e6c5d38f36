/*
question: >-
  How long are devices of each processor generation on battery, on days when they are?
codename: BatteryDemo
type: geographic
tables: [system_cpu_metadata, system_batt_dc_events]
keys: [marketcodename, cpugen]
values:
  number_of_systems: {metric: relative_error, threshold: 0.25}
  avg_duration_mins_on_battery: {metric: relative_error, threshold: 0.25}
contributions:
  select: >-
    SELECT guid, nullif(split_part(processor, '|', 1), '') AS marketcodename,
    nullif(split_part(processor, '|', 2), '') AS cpugen, least(num_days, 60) AS
    days, least(num_days, 60) * duration_mins_per_day AS minutes FROM
    system_cpu_metadata JOIN system_batt_dc_events USING (guid) WHERE processor <>
    'Other|Other' AND split_part(processor, '|', 2) NOT IN ('', 'Unknown')
  keys:
    marketcodename: private
    cpugen: private
  amounts: {days: 60, minutes: 30000}
  values:
    number_of_systems: devices
    avg_duration_mins_on_battery: [minutes, days]
  at_least: 101
*/
SELECT
  nullif(split_part(processor, '|', 1), '') AS marketcodename,
  nullif(split_part(processor, '|', 2), '') AS cpugen,
  count(*) AS number_of_systems,
  sum(num_days * duration_mins_per_day) / sum(num_days) AS avg_duration_mins_on_battery
FROM system_cpu_metadata
JOIN system_batt_dc_events USING (guid)
WHERE
  processor <> 'Other|Other' AND split_part(processor, '|', 2) NOT IN ('', 'Unknown')
GROUP BY processor
HAVING count(*) > 100
ORDER BY marketcodename, cpugen
