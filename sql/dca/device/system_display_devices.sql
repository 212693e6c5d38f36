/*
role: entity
grain: >-
  One row per device, connection type and resolution of active displays. Intervals
  without a connection type or a size are left out.
reads: [system_display_devices]
device: guid
# A dozen kinds of connection, each with a few resolutions.
max_rows: 200
fixed_rows: 6
cap_by: num_intervals
unique: [connection_type, resolution]
columns:
  connection_type:
    {kind: category, values: connection_types, other: OTHER, absent: false,
    about: connection}
  resolution:
    {kind: category, values: resolutions, other: Other, absent: false,
    about: height x width in pixels}
  num_intervals:
    {kind: integer, unit: intervals, low: 1, high: 20000, bins: 14, scale: log,
    absent: false, about: intervals of one setting, zero: false}
  ac_s:
    {kind: double, unit: s, low: 1, high: 200000, bins: 14, scale: log,
    about: mean time on mains power an interval}
  dc_s:
    {kind: double, unit: s, low: 1, high: 200000, bins: 14, scale: log,
    about: mean time on battery an interval}
*/
SELECT
  guid,
  connection_type,
  concat(resolution_heigth, 'x', resolution_width) AS resolution,
  count(*) AS num_intervals,
  avg(duration_ac) AS ac_s,
  avg(duration_dc) AS dc_s
FROM system_display_devices
WHERE
  connection_type IS NOT NULL AND resolution_heigth <> 0 AND resolution_width <> 0
GROUP BY guid, connection_type, resolution_heigth, resolution_width
