/*
role: entity
grain: >-
  One row per device, Windows version, blocker of modern standby, its type and its level
  of activity, over records with positive active time. A record counts for each window
  of a version that holds the midnight at which its day begins. A missing part of a
  version or of a blocker is blank.
reads: [system_mods_top_blocker_hist, system_os_codename_history]
device: guid
# Drivers, services and programs that block standby, by version: no more than are installed.
max_rows: 1000
fixed_rows: 16
# The vocabulary rises from Other to the most common, so that a full device keeps those.
cap_by: blocker
unique: [os_version, blocker, activity_level]
columns:
  os_version:
    kind: category
    absent: false
    values: os_versions
    other: Other|Other
    about: Windows version and release, as in Win11|22H2
  # One column, as a blocker has one type.
  blocker:
    kind: category
    absent: false
    values: blockers
    other: Other|Other
    about: type of the blocker, then its name, as in PDC Phase|No CS Phase
  activity_level: {kind: category, values: activity_levels, about: level of activity}
  num_occurrences:
    {kind: integer, unit: records, low: 1, high: 20000, bins: 14, scale: log,
    absent: false, about: records, zero: false}
  active_s:
    {kind: double, unit: s, low: 0.1, high: 200000, bins: 16, scale: log,
    about: mean active time of a record}
*/
SELECT
  guid,
  concat(os_name, '|', os_codename) AS os_version,
  concat(blocker_type, '|', blocker_name) AS blocker,
  activity_level,
  count(*) AS num_occurrences,
  avg(active_time_ms) / 1000 AS active_s
FROM system_mods_top_blocker_hist
JOIN system_os_codename_history USING (guid)
WHERE TRY_CAST(dt AS TIMESTAMP) BETWEEN min_ts AND max_ts AND active_time_ms > 0
GROUP BY
  guid,
  concat(os_name, '|', os_codename),
  concat(blocker_type, '|', blocker_name),
  activity_level
