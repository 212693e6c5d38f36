/*
question: How long does each blocker keep devices of each release of Windows awake?
codename: BlockerDurAgg
type: aggregate
tables: [system_mods_top_blocker_hist]
keys: [os_name, os_codename, blocker_name, blocker_type, activity_level]
# No least number of devices: half of the groups of the study have three or fewer.
values:
  number_of_clients: {metric: relative_error, threshold: 0.25}
  average_active_time_in_seconds: {metric: relative_error, threshold: 0.25}
  number_of_occurences: {metric: relative_error, threshold: 0.25}
devices: number_of_clients
contributions:
  select: >-
    SELECT guid, nullif(split_part(os_version, '|', 1), '') AS os_name,
    nullif(split_part(os_version, '|', 2), '') AS os_codename,
    nullif(substr(blocker, strpos(blocker, '|') + 1), '') AS blocker_name,
    nullif(split_part(blocker, '|', 1), '') AS blocker_type, activity_level,
    least(num_occurrences, 500) AS occurrences, least(num_occurrences, 500) *
    active_s AS active_s FROM system_mods_top_blocker_hist WHERE os_version <>
    'Other|Other' AND blocker <> 'Other|Other'
  keys:
    os_name: private
    os_codename: private
    blocker_name: private
    blocker_type: private
    activity_level: private
  max_cells: 5
  amounts: {occurrences: 500, active_s: 1000000}
  values:
    number_of_clients: devices
    average_active_time_in_seconds: [active_s, occurrences]
    number_of_occurences: occurrences
*/
SELECT
  nullif(split_part(os_version, '|', 1), '') AS os_name,
  nullif(split_part(os_version, '|', 2), '') AS os_codename,
  nullif(substr(blocker, strpos(blocker, '|') + 1), '') AS blocker_name,
  nullif(split_part(blocker, '|', 1), '') AS blocker_type,
  activity_level,
  count(DISTINCT guid) AS number_of_clients,
  sum(num_occurrences * active_s) / sum(num_occurrences)
    AS average_active_time_in_seconds,
  CAST(sum(num_occurrences) AS BIGINT) AS number_of_occurences
FROM system_mods_top_blocker_hist
WHERE os_version <> 'Other|Other' AND blocker <> 'Other|Other'
GROUP BY os_version, blocker, activity_level
ORDER BY os_name, os_codename, blocker_name, blocker_type, activity_level
