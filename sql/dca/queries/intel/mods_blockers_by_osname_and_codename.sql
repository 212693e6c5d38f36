/*
question: How many blockers of modern standby has each release of Windows?
codename: BlockerAgg
type: aggregate
tables: [system_mods_blockers_by_os]
keys: [os_name, os_codename]
values:
  num_entries: {metric: relative_error, threshold: 0.25}
  number_of_systems: {metric: relative_error, threshold: 0.25}
  entries_per_system: {metric: relative_error, threshold: 0.25}
contributions:
  select: >-
    SELECT guid, nullif(split_part(os_version, '|', 1), '') AS os_name,
    nullif(split_part(os_version, '|', 2), '') AS os_codename, sum(num_entries) AS
    entries FROM system_mods_blockers_by_os WHERE os_version <> 'Other|Other'
    GROUP BY ALL
  keys:
    os_name: private
    os_codename: private
  max_cells: 2
  amounts: {entries: 5000}
  values:
    num_entries: entries
    number_of_systems: devices
    entries_per_system: [entries, devices]
  at_least: 11
*/
SELECT
  nullif(split_part(os_version, '|', 1), '') AS os_name,
  nullif(split_part(os_version, '|', 2), '') AS os_codename,
  CAST(sum(num_entries) AS BIGINT) AS num_entries,
  count(DISTINCT guid) AS number_of_systems,
  sum(num_entries) / count(DISTINCT guid) AS entries_per_system
FROM system_mods_blockers_by_os
WHERE os_version <> 'Other|Other'
GROUP BY os_version
HAVING count(DISTINCT guid) > 10
ORDER BY os_name, os_codename
