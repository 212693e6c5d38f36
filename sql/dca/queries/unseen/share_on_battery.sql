/*
question: >-
  What share of the devices of each form factor and persona goes on battery at all?
codename: BattShare
type: aggregate
tables: [system_sysinfo_unique_normalized, system_batt_dc_events]
keys: [chassistype, persona]
values:
  num_devices: {metric: relative_error, threshold: 0.25}
  pct_on_battery: {metric: relative_error, threshold: 0.25}
devices: num_devices
*/
SELECT
  chassistype,
  persona,
  count(*) AS num_devices,
  100.0 * count(num_days) / count(*) AS pct_on_battery
FROM system_sysinfo_unique_normalized
LEFT JOIN system_batt_dc_events USING (guid)
GROUP BY chassistype, persona
HAVING count(*) >= 200
ORDER BY chassistype, persona
