/*
role: entity
grain: >-
  One row per device, class of account and process with estimates of its power. The raw
  table is a stub with one device, of which no private release can tell anything.
reads: [system_mods_power_consumption]
device: guid
# A thousand programs and services, by a few classes of account.
max_rows: 5000
fixed_rows: 3
cap_by: total_power_mw
unique: [user_id, app_id]
columns:
  user_id: {kind: category, values: user_ids, about: class of the account}
  app_id: {kind: category, values: power_apps, other: Other, about: process or app}
  num_rows:
    {kind: integer, unit: sessions, low: 1, high: 10000, bins: 8, scale: log,
    absent: false, about: sessions of the process, zero: false}
  total_power_mw:
    {kind: integer, unit: mW, low: 1, high: 1000000, bins: 10, scale: log,
    about: sum over sessions of the estimated power}
*/
SELECT
  guid,
  user_id,
  app_id,
  count(*) AS num_rows,
  CAST(sum(total_power_consumption) AS BIGINT) AS total_power_mw
FROM system_mods_power_consumption
GROUP BY guid, user_id, app_id
