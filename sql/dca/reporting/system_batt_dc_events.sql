/*
grain: >-
  One row per device and day on which it went on battery. An episode counts if it has a
  start and a length that is not negative; a negative charge is a missing one.
reads: [__tmp_batt_dc_events]
device: guid
columns:
  load_ts: when the day's last row was loaded in the warehouse
  guid: device id, 32 hex characters
  dt: date of the start of the episodes
  duration_mins: time on battery, minutes
  max_power_on_battery_percent: highest charge at the start of an episode, %
  min_power_on_battery_percent: lowest charge at the start of an episode, %
  avg_power_on_battery_percent: mean charge at the start of an episode, %
  max_power_off_battery_percent: highest charge at the end of an episode, %
  min_power_off_battery_percent: lowest charge at the end of an episode, %
  avg_power_off_battery_percent: mean charge at the end of an episode, %
  num_power_ons: episodes
*/
SELECT
  max(load_ts) AS load_ts,
  guid,
  CAST(power_on_dc_ts AS DATE) AS dt,
  CAST(sum(duration_mins) AS BIGINT) AS duration_mins,
  max(power_on_battery_percent) AS max_power_on_battery_percent,
  min(power_on_battery_percent)
    FILTER (WHERE power_on_battery_percent >= 0) AS min_power_on_battery_percent,
  avg(power_on_battery_percent)
    FILTER (WHERE power_on_battery_percent >= 0) AS avg_power_on_battery_percent,
  max(power_off_battery_percent) AS max_power_off_battery_percent,
  min(power_off_battery_percent)
    FILTER (WHERE power_off_battery_percent >= 0) AS min_power_off_battery_percent,
  avg(power_off_battery_percent)
    FILTER (WHERE power_off_battery_percent >= 0) AS avg_power_off_battery_percent,
  count(*) AS num_power_ons
FROM __tmp_batt_dc_events
WHERE guid IS NOT NULL AND power_on_dc_ts IS NOT NULL AND duration_mins >= 0
GROUP BY guid, CAST(power_on_dc_ts AS DATE)
