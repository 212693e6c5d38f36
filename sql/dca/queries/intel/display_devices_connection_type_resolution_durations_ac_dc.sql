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
contributions:
  select: >-
    SELECT guid, connection_type, resolution, least(num_intervals, 500) AS
    intervals, least(num_intervals, 500) * ac_s AS ac, least(num_intervals, 500) *
    dc_s AS dc FROM system_display_devices WHERE resolution <> 'Other'
  keys:
    connection_type: system_display_devices.connection_type
    resolution: system_display_devices.resolution
  max_cells: 2
  amounts: {intervals: 500, ac: 5000000, dc: 2500000}
  values:
    number_of_systems: devices
    average_duration_on_ac_in_seconds: [ac, intervals]
    average_duration_on_dc_in_seconds: [dc, intervals]
  at_least: 51
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
