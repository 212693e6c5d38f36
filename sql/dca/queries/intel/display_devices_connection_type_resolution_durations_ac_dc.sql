/*
question: >-
  How long is each kind of connection and resolution of displays used, on mains and on
  battery?
codename: DisplayAgg
type: aggregate
tables: [system_display_devices]
keys: [connection_type, resolution]
values:
  number_of_systems: {metric: relative_error, threshold: 0.25}
  average_duration_on_ac_in_seconds: {metric: relative_error, threshold: 0.25}
  average_duration_on_dc_in_seconds: {metric: relative_error, threshold: 0.25}
*/
SELECT
  connection_type,
  resolution,
  count(DISTINCT guid) AS number_of_systems,
  round(sum(num_intervals * ac_s) / sum(num_intervals), 2)
    AS average_duration_on_ac_in_seconds,
  round(sum(num_intervals * dc_s) / sum(num_intervals), 2)
    AS average_duration_on_dc_in_seconds
FROM system_display_devices
WHERE resolution <> 'Other'
GROUP BY connection_type, resolution
HAVING count(DISTINCT guid) > 50
ORDER BY connection_type, number_of_systems DESC, resolution
