/*
grain: >-
  One row per device, day, kind of event, power state and process. An event counts if it
  has a length that is not negative.
reads: [userwait_v2]
device: guid
columns:
  guid: device id, 32 hex characters
  dt: local date
  event_name: kind of wait, or the name of a summary row, TOTAL_...
  ac_dc_event_name: power and display state, such as AC_DISPLAY_ON
  acdc: "power state: AC, DC, UN, NA or empty"
  proc_name: process in focus during the wait
  number_of_instances: events
  total_duration_ms: total length, ms
*/
SELECT
  guid,
  dt,
  event_name,
  ac_dc_event_name,
  coalesce(upper(left(ac_dc_event_name, 2)), '') AS acdc,
  proc_name_current AS proc_name,
  count(*) AS number_of_instances,
  TRY_CAST(sum(duration_ms) AS BIGINT) AS total_duration_ms
FROM userwait_v2
WHERE guid IS NOT NULL AND duration_ms >= 0
GROUP BY guid, dt, event_name, ac_dc_event_name, proc_name_current
