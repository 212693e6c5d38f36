/*
about: One row per time on battery.
role: event
device: guid
time: power_on_dc_ts
columns:
  load_ts: when the row was loaded in the warehouse
  guid: device id, 32 hex characters
  power_on_dc_ts: when the device went on battery
  duration_mins: time on battery, minutes
  power_on_battery_percent: charge at its start, %; -1 if missing
  power_off_battery_percent: charge at its end, %; -1 if missing
# Published are these names; their types are inferred from descriptions.
assumed: [power_on_dc_ts, duration_mins, power_on_battery_percent,
  power_off_battery_percent]
*/
CREATE TABLE __tmp_batt_dc_events (
  load_ts TIMESTAMP,
  guid VARCHAR,
  power_on_dc_ts TIMESTAMP,
  duration_mins INTEGER,
  power_on_battery_percent INTEGER,
  power_off_battery_percent INTEGER
)
