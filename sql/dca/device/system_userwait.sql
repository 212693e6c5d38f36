/*
role: entity
grain: >-
  One row per device, process, kind of event and power state. The shell and what stands
  for no process are left out; a blank power state is absent.
reads: [system_userwait]
device: guid
# Programs that a device has, by a few kinds of event and two power states.
max_rows: 1000
fixed_rows: 16
# The vocabulary rises from Other to the most common, so that a full device keeps those.
cap_by: proc_name
unique: [proc_name, event_name, acdc]
columns:
  proc_name:
    {kind: category, values: processes, other: Other, absent: false,
    about: process in focus}
  event_name:
    {kind: category, values: wait_events, about: kind of wait or of summary row}
  acdc: {kind: category, values: power_states, about: power state}
  num_instances:
    {kind: integer, unit: events, low: 1, high: 20000, bins: 14, scale: log,
    about: events, zero: false}
  wait_s_per_instance:
    {kind: double, unit: s, low: 0.1, high: 20000, bins: 16, scale: log,
    about: mean length of an event}
*/
SELECT
  guid,
  proc_name,
  event_name,
  nullif(acdc, '') AS acdc,
  CAST(sum(number_of_instances) AS BIGINT) AS num_instances,
  CAST(sum(total_duration_ms) AS DOUBLE) / sum(number_of_instances) / 1000
    AS wait_s_per_instance
FROM system_userwait
WHERE
  proc_name NOT IN (
    'DUMMY_PROCESS', 'DESKTOP', 'explorer.exe', 'RESTRICTED PROCESS', 'UNKNOWN'
  )
GROUP BY guid, proc_name, event_name, nullif(acdc, '')
