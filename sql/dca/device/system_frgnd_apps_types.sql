/*
role: entity
grain: >-
  One row per device, kind of application and application in the foreground.
  Applications without a kind or a name are left out, and so are the desktop and those whose name
  was withheld.
reads: [system_frgnd_apps_types]
device: guid
# An installation of Windows has some hundreds of programs; a thousand rows hold them all.
max_rows: 1000
fixed_rows: 20
# The vocabulary rises from Other to the most common, so that a full device keeps those.
cap_by: exe_name
unique: [app_type, exe_name]
columns:
  app_type:
    {kind: category, values: app_types, other: Other, absent: false, about: kind}
  exe_name:
    {kind: category, values: executables, other: Other, absent: false,
    about: executable}
  num_days:
    {kind: integer, unit: days, low: 1, high: 700, bins: 12, scale: log, zero: false,
    absent: false, about: "rows, one per day"}
  focal_s_per_day:
    {kind: double, unit: s a day, low: 1, high: 40000, bins: 14, scale: log,
    about: mean time in focus a row}
  detections_per_day:
    kind: double
    unit: times a day
    edges: [1, 1.01, 1.5, 2, 3, 5, 8, 12, 20, 35, 60, 120, 300, 1000, 5000]
    zero: true
    about: mean number of focus events a row
*/
SELECT
  guid,
  app_type,
  exe_name,
  count(*) AS num_days,
  avg(totalsecfocal_day) AS focal_s_per_day,
  avg(lines_per_day) AS detections_per_day
FROM system_frgnd_apps_types
WHERE app_type IS NOT NULL AND exe_name NOT IN ('restricted process', 'desktop')
GROUP BY guid, app_type, exe_name
