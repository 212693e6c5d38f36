/*
question: Which ten applications of each kind are used on the most devices?
codename: SystemRank
type: topk
tables: [system_frgnd_apps_types]
keys: [app_type, exe_name]
within: [app_type]
values:
  number_of_systems: {metric: spearman, threshold: 0.5}
contributions:
  select: >-
    SELECT guid, app_type, exe_name FROM system_frgnd_apps_types WHERE exe_name <>
    'Other'
  keys:
    app_type: system_frgnd_apps_types.app_type
    exe_name: private
  max_cells: 5
  values:
    number_of_systems: devices
  top: {by: number_of_systems, limit: 10, within: [app_type]}
*/
SELECT
  app_type,
  exe_name,
  count(DISTINCT guid) AS number_of_systems,
  rank() OVER (PARTITION BY app_type ORDER BY number_of_systems DESC) AS rank
FROM system_frgnd_apps_types
WHERE exe_name <> 'Other'
GROUP BY app_type, exe_name
QUALIFY rank <= 10
ORDER BY app_type, rank, exe_name
