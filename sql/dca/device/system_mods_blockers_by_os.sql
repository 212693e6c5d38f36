/*
role: entity
grain: >-
  One row per device and Windows version with blockers of modern standby. A record
  counts for each window of a version that holds the midnight at which its day begins. A
  missing part of a version is blank.
reads: [system_mods_top_blocker_hist, system_os_codename_history]
device: guid
# Releases of Windows 10 and 11 are some twenty.
max_rows: 50
fixed_rows: 3
cap_by: num_entries
unique: [os_version]
columns:
  # One column, as few pairs exist.
  os_version:
    kind: category
    absent: false
    values: os_versions
    other: Other|Other
    about: Windows version and release, as in Win11|22H2
  num_entries:
    {kind: integer, unit: records, low: 1, high: 100000, bins: 16, scale: log,
    absent: false, about: records, zero: false}
*/
SELECT
  guid,
  concat(os_name, '|', os_codename) AS os_version,
  count(*) AS num_entries
FROM system_mods_top_blocker_hist
JOIN system_os_codename_history USING (guid)
WHERE TRY_CAST(dt AS TIMESTAMP) BETWEEN min_ts AND max_ts
GROUP BY guid, concat(os_name, '|', os_codename)
